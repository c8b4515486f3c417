# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The ratchet of the checks: a finding is allowed as far as test/check/exceptions.txt says, and no further."""


def load(root, checks):
    """{(check, file, name): measure} of the checks that are asked for."""
    found = {}
    path = root / "test" / "check" / "exceptions.txt"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split(maxsplit=4)
        if len(fields) != 5 or not fields[3].isdigit():
            raise SystemExit(f"{path}:{number}: wanted CHECK FILE NAME MEASURE REASON")
        if fields[0] in checks:
            found[tuple(fields[:3])] = int(fields[3])
    return found


def judge(root, checks, findings):
    """Findings are (check, file, name, line, measure, text); returns the complaints."""
    allowed, complaints, seen = load(root, checks), [], set()
    for check, file, name, line, measure, text in findings:
        key = (check, file, name)
        seen.add(key)
        if key not in allowed or measure > allowed[key]:
            complaints.append(f"{file}:{line}: {text}")
        elif measure < allowed[key]:
            complaints.append(f"test/check/exceptions.txt: {' '.join(key)} has shrunk to {measure}; lower the {allowed[key]} there")
    complaints += [f"test/check/exceptions.txt: {' '.join(key)} is no exception any more; remove the line"
                   for key in sorted(set(allowed) - seen)]
    return complaints
