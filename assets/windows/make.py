#!/usr/bin/env python3
"""make.py TYPES.csv RELEASES.csv SYMBOLS.csv: writes x64.zst, x86.zst and symbols.zst into this folder (needs Debian's zstd).

TYPES has kernel,type,size,field,offset; RELEASES kernel,name,release,timedatestamp; SYMBOLS module_pdb,guid_age,version,machine,symbol,rva.
"""
import csv, collections, os, subprocess, sys

here = os.path.dirname(os.path.abspath(__file__))


def pack(name, text):
    subprocess.run(["zstd", "-q", "-f", "--ultra", "-22", "--long=27", "-o", os.path.join(here, name)], input=text.encode(), check=True)
    print(name, len(text), os.path.getsize(os.path.join(here, name)))


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
    out = {"x64": [], "x86": []}
    build = lambda k: tuple(int(n) for n in k.rsplit("-", 1)[0].split("."))
    for kernel in sorted(kernels, key=build):
        arch = kernel.rsplit("-", 1)[1]
        about = named[kernel]
        lines = ["memsh types 1", "release " + kernel.rsplit("-", 1)[0], "machine " + arch,
                 "pointer %d" % (8 if arch == "x64" else 4), "source %s %s" % (about["name"], about["release"]), "types"]
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
