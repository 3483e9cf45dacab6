"""The columns of a CSV statement, of a bank's and of ours alike. What each holds stands in `reconciliation/csv_statement.py`, which reads
them; they change only together with a new name for the form."""

COLUMNS = (
    "row", "statement", "account", "currency", "date", "value_date", "amount", "direction", "uetr", "end_to_end_id", "reference",
    "reversal", "kind",
)  # fmt: skip
