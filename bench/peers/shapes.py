"""The networks of the table by the names that bench_e2e gives them (bench/e2e/models.cpp). Weights are drawn anew: what
is compared is time, and it does not depend on them."""

INPUTS = 16
CFC_NCP, LTC_NCP, CFC = "cfc-ncp", "ltc-ncp", "cfc"
NCP = {CFC_NCP: (64, 8), LTC_NCP: (32, 4)}  # units and outputs of AutoNCP
UNITS, BACKBONE, HEAD = 64, 128, 8


def parse(case):
    """'train/cfc-ncp/32x64' is ('train', 'cfc-ncp', (32, 64)), 'step/lstm-16' is ('step', 'lstm-16', None)."""
    kind, name, *size = case.split("/")
    return kind, name, tuple(int(n) for n in size[0].split("x")) if size else None


def recurrent_units(name):
    """('lstm', 16) of 'lstm-16'."""
    kind, units = name.split("-")
    return kind, int(units)
