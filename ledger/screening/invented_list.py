"""A list of invented names, so that screening runs from the first day.

Nobody on it exists, and it protects nobody: it shows that a hit holds a transfer and that two officers decide. It serves demo and tests;
production mode wants a real list (`un_list`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ledger.screening.name_list import Entry, NameList

LIST_NAME: Final = "invented"
LIST_VERSION: Final = "2026-1"
ENTRIES: Final = (
    Entry("INV-001", ("Qasmir Volnadi", "قسمير فولنادي", "卡斯米尔·沃尔纳迪")),
    Entry("INV-002", ("Zoltrane Vexmoor", "زولتران فيكسمور", "佐尔特兰·韦克斯穆尔")),
    Entry("INV-003", ("Ibrelune Tazwakht-Doré", "إبرلون تازوخت دوري", "伊布勒伦·塔兹瓦赫特")),
    Entry("INV-004", ("Hadrouch Belkimza", "حدروش بلقمزة", "哈德鲁什·贝尔金扎")),
    Entry("INV-005", ("Murad al-Qafsawir", "مراد القفصوير", "穆拉德·卡夫萨维尔")),
    Entry("INV-006", ("Shuo Wanqiong", "شوو وانتشيونغ", "朔万穹")),
    Entry("INV-007", ("Queyuan Lingshuo", "تشويوان لينغشوو", "阙渊凌朔")),
    Entry("INV-008", ("Guiyan Zhenlu", "غويان تشنلو", "妫砚榛鹿")),
    Entry("INV-009", ("Ødvar Krzyństholm", "أودفار كرشينستهولم", "厄德瓦尔·克兹斯特霍尔姆")),
    Entry("INV-010", ("Esperenza Vantolhão", "إسبيرينزا فانتولهاو", "埃斯佩伦扎·万托良")),
)


class InventedList(NameList):
    """`ENTRIES`, unless a test brings others."""

    def __init__(self, entries: Sequence[Entry] = ENTRIES, version: str = LIST_VERSION) -> None:
        super().__init__(LIST_NAME, version, entries)
