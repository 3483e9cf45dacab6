"""Which of the forms an operation answers in the caller likes best (RFC 9110 §12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from api.errors import AnswerNotAcceptable


def preferred_form(accept: str, offered: Sequence[str], told: str) -> str:
    """A media type out of those offered; the first where the caller does not mind. ``told`` names them for people.

    Raises AnswerNotAcceptable when Accept leaves all of them out.
    """
    weights = dict.fromkeys(offered, 0.0)
    for part in accept.split(",") if accept.strip() else ["*/*"]:
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        weight = next((_weight(parameter[2:]) for parameter in parameters if parameter.startswith("q=")), 1.0)
        for media_type, before in weights.items():
            if name in (media_type, f"{media_type.partition('/')[0]}/*", "*/*"):
                weights[media_type] = max(before, weight)
    if not any(weights.values()):
        *others, last = offered
        raise AnswerNotAcceptable(
            f"The answer is {told}.", field="Accept", value=accept[:64], way_out=f"Accept {', '.join(others)} or {last}."
        )
    return max(weights, key=lambda media_type: weights[media_type])


def _weight(text: str) -> float:
    try:
        return max(0.0, min(1.0, float(text)))
    except ValueError:
        return 0.0
