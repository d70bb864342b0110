"""The one error of command lines: what a person at a terminal can foresee and mend.

What lives here: a plain exception that carries a stable code, what happened and what to do. How it is printed, and the
exit status, are the entry point's business (comanda.py); refusals of commands are in shared/domain/errors.py.
"""

__all__ = ["OperatorError"]


class OperatorError(Exception):
    """Something the operator can put right.

    `code` is stable and dotted, such as `port.in_use`; `detail` is one sentence on what happened, with the names and
    numbers of this case; `hint` is one sentence on what to do. Printed as two lines, exit status 1.
    """

    def __init__(self, code: str, detail: str, hint: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.hint = hint
