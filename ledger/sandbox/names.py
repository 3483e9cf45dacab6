"""Invented people and places for the sandbox: Moroccan and Chinese names in both scripts, and towns with their streets.

Every name is a chance pairing from short lists. Identity numbers are built so that no authority can have issued them.
"""

from __future__ import annotations

from typing import NamedTuple


class TwoScripts(NamedTuple):
    """One name in Latin letters and in its own script."""

    latin: str
    native: str


class Town(NamedTuple):
    """A town with its post code and some of its streets."""

    name: str
    post_code: str
    streets: tuple[str, ...]


MOROCCAN_GIVEN = (
    TwoScripts("Yassine", "ياسين"),
    TwoScripts("Fatima Zahra", "فاطمة الزهراء"),
    TwoScripts("Hamza", "حمزة"),
    TwoScripts("Khadija", "خديجة"),
    TwoScripts("Mehdi", "المهدي"),
    TwoScripts("Salma", "سلمى"),
    TwoScripts("Anass", "أنس"),
    TwoScripts("Imane", "إيمان"),
    TwoScripts("Rachid", "رشيد"),
    TwoScripts("Nadia", "نادية"),
    TwoScripts("Soufiane", "سفيان"),
    TwoScripts("Houda", "هدى"),
    TwoScripts("Abdellatif", "عبد اللطيف"),
    TwoScripts("Meryem", "مريم"),
    TwoScripts("Tarik", "طارق"),
    TwoScripts("Loubna", "لبنى"),
)
MOROCCAN_FAMILY = (
    TwoScripts("El Amrani", "العمراني"),
    TwoScripts("Bennani", "بناني"),
    TwoScripts("Ait Lahcen", "آيت لحسن"),
    TwoScripts("Chraibi", "الشرايبي"),
    TwoScripts("Tazi", "التازي"),
    TwoScripts("El Fassi", "الفاسي"),
    TwoScripts("Ouazzani", "الوزاني"),
    TwoScripts("Berrada", "برادة"),
    TwoScripts("Alaoui", "العلوي"),
    TwoScripts("Idrissi", "الإدريسي"),
    TwoScripts("Mansouri", "المنصوري"),
    TwoScripts("Zerouali", "الزروالي"),
    TwoScripts("Haddadi", "الحدادي"),
    TwoScripts("Skalli", "الصقلي"),
)
CHINESE_FAMILY = (
    TwoScripts("Wang", "王"),
    TwoScripts("Li", "李"),
    TwoScripts("Zhang", "张"),
    TwoScripts("Liu", "刘"),
    TwoScripts("Chen", "陈"),
    TwoScripts("Yang", "杨"),
    TwoScripts("Zhao", "赵"),
    TwoScripts("Huang", "黄"),
    TwoScripts("Zhou", "周"),
    TwoScripts("Wu", "吴"),
    TwoScripts("Xu", "徐"),
    TwoScripts("Sun", "孙"),
    TwoScripts("Ma", "马"),
    TwoScripts("Ouyang", "欧阳"),
)
CHINESE_GIVEN = (
    TwoScripts("Xiaoming", "晓明"),
    TwoScripts("Lihua", "丽华"),
    TwoScripts("Jianguo", "建国"),
    TwoScripts("Meiling", "美玲"),
    TwoScripts("Zhiqiang", "志强"),
    TwoScripts("Yuting", "雨婷"),
    TwoScripts("Haoran", "浩然"),
    TwoScripts("Xiuying", "秀英"),
    TwoScripts("Wenbo", "文博"),
    TwoScripts("Jing", "静"),
    TwoScripts("Tao", "涛"),
    TwoScripts("Ruoxi", "若曦"),
    TwoScripts("Guangming", "光明"),
    TwoScripts("Shuang", "爽"),
)
MOROCCAN_TOWNS = (
    Town("Rabat", "10000", ("Avenue Mohammed V", "Rue Oued Fes", "Avenue de France")),
    Town("Casablanca", "20000", ("Boulevard Zerktouni", "Rue Ibn Batouta", "Boulevard Anfa")),
    Town("Fes", "30000", ("Avenue Hassan II", "Rue Talaa Kebira")),
    Town("Marrakech", "40000", ("Avenue Al Moukaouama", "Rue de la Liberte")),
    Town("Meknes", "50000", ("Avenue des FAR", "Rue Rouamzine")),
    Town("Oujda", "60000", ("Boulevard Derfoufi", "Rue de Marrakech")),
    Town("Agadir", "80000", ("Avenue du Prince Moulay Abdallah", "Rue de Meknes")),
    Town("Tanger", "90000", ("Boulevard Pasteur", "Rue de Fes")),
)
CHINESE_TOWNS = (
    Town("Beijing", "100020", ("Jianguomenwai Dajie", "Guanghua Lu", "Chaoyangmen Nandajie")),
    Town("Shanghai", "200040", ("Nanjing Xilu", "Changle Lu")),
    Town("Guangzhou", "510030", ("Beijing Lu", "Xiaobei Lu")),
    Town("Shenzhen", "518000", ("Shennan Dadao", "Hongli Lu")),
    Town("Yiwu", "322000", ("Chouzhou Beilu", "Gongren Xilu")),
    Town("Hangzhou", "310000", ("Wensan Lu", "Tiyuchang Lu")),
    Town("Chengdu", "610000", ("Renmin Nanlu", "Kehua Beilu")),
)
# What a debtor writes to the creditor, by purpose (ExternalPurpose1Code).
REMITTANCE = {
    "DEPD": "Soutien familial",
    "GIFT": "Cadeau",
    "STDY": "Frais d etudes",
    "EDUC": "Frais de scolarite",
    "SALA": "Salaire",
    "GDDS": "Commande",
    "SCVE": "Prestation",
    "RENT": "Loyer",
    "MDCS": "Soins medicaux",
    "SAVG": "Epargne",
}
