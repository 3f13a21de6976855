#!/usr/bin/env python3
"""make.py TYPES.csv RELEASES.csv SYMBOLS.csv: writes x64.zst, x86.zst, arm64.zst and symbols.zst into this folder (needs Debian's zstd).

TYPES has kernel,type,size,field,offset; RELEASES kernel,name,release,timedatestamp; SYMBOLS module_pdb,guid_age,version,machine,symbol,rva.
"""
import csv, collections, os, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))


def pack(name, text):
    subprocess.run(["zstd", "-q", "-f", "--ultra", "-22", "--long=27", "-o", os.path.join(here, name)], input=text.encode(), check=True)
    print(name, len(text), os.path.getsize(os.path.join(here, name)))


# Structures of which some members depend on the processor, and structures that ARM64 does not have or has others of.
OTHERS = ("_CONTEXT _EJOB _KDESCRIPTOR _KIDTENTRY64 _KPCR _KPRCB _KTRAP_FRAME _MI_PARTITION _MI_SYSTEM_INFORMATION _SHARED_CACHE_MAP _VACB "
          "PO_MEMORY_IMAGE").split()
# The first and the last build whose members on ARM64 follow from those on x64 as told in README.md.
SAME_ORDER = (18362, 26100)
# Bytes by which _KPROCESS is smaller on ARM64, until Windows 11 23H2 and since 24H2.
SMALLER = (0x48, 0x10)
# _MMSUPPORT_FULL on ARM64: its size, a multiple of the cache line to which it is aligned.
SUPPORT, LINE = 0x200, 128
LARGER_THREAD = 0x20


def arm64(build, members):
    """The structures of a build of ARM64, from those of x64: {(name, size): [(offset, member, bits)]}."""
    out = {}
    of = {name: {m[1]: m[0] for m in rows} for (name, _), rows in members.items()}
    process, less = of["_EPROCESS"], SMALLER[build >= 26100]
    support = -(-(process["CommitChargePeak"] + 8 - less) // LINE) * LINE
    behind = support + SUPPORT - process["MmProcessLinks"]
    for (name, size), rows in members.items():
        if name in OTHERS:
            continue
        if name == "_KPROCESS":
            rows, size = [(0, "Header", ""), (0x18, "ProfileListHead", ""), (0x28, "DirectoryTableBase", ""), (0x30, "Asid", ""),
                          (0x38, "ThreadListHead", "")], size - less
        elif name == "_EPROCESS":
            # What follows the flags has moved by more than this knows.
            known = [r for r in rows if r[0] <= process["Flags3"] and r[1] != "Vm"]
            move = lambda at: 0 if at == 0 else at - less if at < process["Vm"] else at + behind
            rows, size = [(move(at), m, b) for at, m, b in known] + [(support, "Vm", "")], process["Flags3"] + behind + 4
        elif name == "_KTHREAD":
            thread = of[name]
            # The area for registers is a pointer less, and what a switch of threads saves is behind QueueListEntry.
            move = lambda at: at if at < thread["StateSaveArea"] else at - 8 if at <= thread["QueueListEntry"] else at + LARGER_THREAD
            rows = [(move(at), m, b) for at, m, b in rows if m not in ("StateSaveArea", "NpxState") and at <= thread["ThreadListEntry"]]
            size += LARGER_THREAD
        elif name == "_ETHREAD":
            rows, size = [(at and at + LARGER_THREAD, m, b) for at, m, b in rows], size + LARGER_THREAD
        elif name == "_MM_SESSION_SPACE":
            rows = [r for r in rows if r[1] == "SessionId"]
        out[name, size] = rows
    return out


def check(path, tables):
    """Holds the tables of ARM64 against windows-kernel-fieldsets.csv and windows-kernels.csv, which have a few members of each build."""
    names = {"EpObjectTable": ("_EPROCESS", "ObjectTable"), "EpSectionObject": ("_EPROCESS", "SectionObject"),
             "KtStackBase": ("_KTHREAD", "StackBase"), "KtKernelStack": ("_KTHREAD", "KernelStack"), "OtName": ("_OBJECT_TYPE", "Name"),
             "OtIndex": ("_OBJECT_TYPE", "Index")}
    sets = collections.defaultdict(dict)
    for row in csv.DictReader(open(os.path.join(path, "windows-kernel-fieldsets.csv"))):
        sets[row["fieldset"]][row["field"]] = int(row["offset"], 16)
    builds = collections.defaultdict(set)
    for row in csv.DictReader(open(os.path.join(path, "windows-kernels.csv"))):
        if row["arch"] == "arm64":
            builds[int(row["version"].split(".")[2])].add(row["fieldset"])
    agreed = 0
    for build, members in tables:
        of = {name: {m[1]: m[0] for m in rows} for (name, _), rows in members.items()}
        for fields in (sets[s] for s in builds[build] if "EpObjectTable" in sets[s]):
            for field, (structure, member) in names.items():
                if field in fields:
                    assert of[structure][member] == fields[field], (build, field)
                    agreed += 1
    print("arm64: %d members agree" % agreed)


def types(path, releases):
    named = {r["kernel"]: r for r in csv.DictReader(open(releases))}
    kernels = collections.OrderedDict()
    last, bit = None, 0
    for row in csv.DictReader(open(path)):
        if row["kernel"] == "kernel":
            continue
        members = kernels.setdefault(row["kernel"], {}).setdefault((row["type"], int(row["size"])), [])
        name, _, width = row["field"].partition(":")
        at = int(row["offset"])
        # Bit fields have a width and no place of their own: they follow each other from the lowest bit of their word on.
        bit = bit if width and last == (row["kernel"], row["type"], at) else 0
        members.append((at, name, "%d:%s" % (bit, width) if width else ""))
        last, bit = (row["kernel"], row["type"], at) if width else None, bit + int(width or 0)
    out = {"x64": [], "x86": [], "arm64": []}
    build = lambda k: tuple(int(n) for n in k.rsplit("-", 1)[0].split("."))
    also = [k for k in kernels if k.endswith("-x64") and SAME_ORDER[0] <= build(k)[2] <= SAME_ORDER[1]]
    for kernel in also:
        twin = kernel[:-4] + "-arm64"
        kernels[twin] = arm64(build(kernel)[2], kernels[kernel])
        named[twin] = named[kernel]
    check(os.path.dirname(os.path.abspath(path)), [(build(k)[2], kernels[k[:-4] + "-arm64"]) for k in also])
    for kernel in sorted(kernels, key=build):
        arch = kernel.rsplit("-", 1)[1]
        about = named[kernel]
        lines = ["memsh types 1", "release " + kernel.rsplit("-", 1)[0], "machine " + arch,
                 "pointer %d" % (4 if arch == "x86" else 8), "source %s %s" % (about["name"], about["release"]), "types"]
        for (name, size), members in sorted(kernels[kernel].items()):
            lines.append("s %s %d" % (name, size))
            before = 0
            for at, member, bits in sorted(members, key=lambda m: m[0]):
                # A second form of the same word would go past its end.
                if bits and sum(int(n) for n in bits.split(":")) > 64:
                    continue
                lines.append(" %s %d%s v" % (member, at - before, "." + bits if bits else ""))
                before = at
            lines.append(".")
        out[arch].append("\n".join(lines) + "\n")
    for arch, tables in out.items():
        pack(arch + ".zst", "".join(tables))


def symbols(path):
    kernels = collections.OrderedDict()
    for row in csv.DictReader(open(path)):
        if row["symbol"] != "symbol":
            key = (row["module_pdb"], row["guid_age"], row["version"])
            kernels.setdefault(key, {})[row["symbol"]] = int(row["rva"])
    lines = []
    for (pdb, guid, version), found in sorted(kernels.items(), key=lambda k: (k[0][0], k[0][2])):
        lines.append("%s %s %s" % (guid, pdb, version))
        lines += [" %s %x" % s for s in sorted(found.items(), key=lambda s: s[0])]
    pack("symbols.zst", "\n".join(lines) + "\n")


types(sys.argv[1], sys.argv[2])
symbols(sys.argv[3])
