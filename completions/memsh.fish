# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_memsh_global_optspecs
    string join \n c/command= script= j/jobs= no-config json jsonl csv parquet table columns= where= sort= limit= no-header color= q/quiet v/verbose progress= strict no-pager arch= dtb= kernel-base= symbols= log= no-cache format= base= swap= pagefile= sidecar= write= C/connector= O/os= isolate= h/help V/version
end

function __fish_memsh_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_memsh_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_memsh_using_subcommand
    set -l cmd (__fish_memsh_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c memsh -n "__fish_memsh_needs_command" -s c -l command -d 'Commands to run, separated by `;`' -r
complete -c memsh -n "__fish_memsh_needs_command" -l script -d 'File with commands to run, one or more per line' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -s j -l jobs -d 'Of several images, ask so many at once (as many as there are processors)' -r
complete -c memsh -n "__fish_memsh_needs_command" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_needs_command" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_needs_command" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_needs_command" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_needs_command" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_needs_command" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_needs_command" -l arch -d 'Architecture: x86, x86_pae, x86_64, aarch64, arm, riscv64' -r
complete -c memsh -n "__fish_memsh_needs_command" -l dtb -d 'Physical address of the kernel\'s page-table root' -r
complete -c memsh -n "__fish_memsh_needs_command" -l kernel-base -d 'Where the kernel lies' -r
complete -c memsh -n "__fish_memsh_needs_command" -l symbols -d 'File or folder with symbols and types; may be given several times' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l log -d 'Keep a transcript of commands and answers in this file (behind what it holds)' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l format -d 'Skip detection of the image\'s format: raw, elf, lime, padded' -r
complete -c memsh -n "__fish_memsh_needs_command" -l base -d 'Physical address of a raw image\'s first byte' -r
complete -c memsh -n "__fish_memsh_needs_command" -l swap -d 'Swap partition or file of the machine, in the order of its areas on disks (repeatable)' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l pagefile -d 'Page file of the machine (pagefile.sys, then swapfile.sys, ...), in the order of their numbers (repeatable)' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l sidecar -d 'File that belongs to the image: a part of a split dump, a .vmss, a .vmem (repeatable)' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l write -d 'Allow writes to a live target: to virtual addresses, or with =phys to physical ones too' -r -f -a "virt\t'Virtual addresses'
phys\t'Physical ones, too'"
complete -c memsh -n "__fish_memsh_needs_command" -s C -l connector -d 'Connector to a target, instead of an image or on the OS layer before it: NAME or NAME:ARGS (repeatable)' -r
complete -c memsh -n "__fish_memsh_needs_command" -s O -l os -d 'OS layer on the connector before it; without one it is found out (repeatable)' -r
complete -c memsh -n "__fish_memsh_needs_command" -l isolate -d 'Run connectors\' plugins in a process of their own; one batch may take TIME (30s)' -r
complete -c memsh -n "__fish_memsh_needs_command" -l no-config -d 'Leave ~/.config/memsh/config out'
complete -c memsh -n "__fish_memsh_needs_command" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_needs_command" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_needs_command" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_needs_command" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_needs_command" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_needs_command" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_needs_command" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_needs_command" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_needs_command" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_needs_command" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_needs_command" -l no-cache -d 'Neither read nor write caches'
complete -c memsh -n "__fish_memsh_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_needs_command" -s V -l version -d 'Print version'
complete -c memsh -n "__fish_memsh_needs_command" -a "info" -d 'Show what the image is: format, architecture, operating system, and how they were found'
complete -c memsh -n "__fish_memsh_needs_command" -a "sys" -d 'Show what the image is: format, architecture, operating system, and how they were found'
complete -c memsh -n "__fish_memsh_needs_command" -a "vertarget" -d 'Show what the image is: format, architecture, operating system, and how they were found'
complete -c memsh -n "__fish_memsh_needs_command" -a "kmsg" -d 'List the messages of the kernel\'s log'
complete -c memsh -n "__fish_memsh_needs_command" -a "dmesg" -d 'List the messages of the kernel\'s log'
complete -c memsh -n "__fish_memsh_needs_command" -a "linux.kmsg" -d 'List the messages of the kernel\'s log'
complete -c memsh -n "__fish_memsh_needs_command" -a "iomem" -d 'List who claims which physical addresses, or I/O ports'
complete -c memsh -n "__fish_memsh_needs_command" -a "timers" -d 'List timers: when they expire, what they call, and whose they are'
complete -c memsh -n "__fish_memsh_needs_command" -a "timer" -d 'List timers: when they expire, what they call, and whose they are'
complete -c memsh -n "__fish_memsh_needs_command" -a "swaps" -d 'List swap areas'
complete -c memsh -n "__fish_memsh_needs_command" -a "swapon" -d 'List swap areas'
complete -c memsh -n "__fish_memsh_needs_command" -a "hash" -d 'Compute the SHA-256 of the image file, and of the files that belong to it'
complete -c memsh -n "__fish_memsh_needs_command" -a "sha256" -d 'Compute the SHA-256 of the image file, and of the files that belong to it'
complete -c memsh -n "__fish_memsh_needs_command" -a "ps" -d 'List processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "pslist" -d 'List processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "tasks" -d 'List processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "threads" -d 'List threads'
complete -c memsh -n "__fish_memsh_needs_command" -a "thrdscan" -d 'List threads'
complete -c memsh -n "__fish_memsh_needs_command" -a "cmdline" -d 'List the arguments of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "psaux" -d 'List the arguments of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "cmdlines" -d 'List the arguments of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "env" -d 'List the environment of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "envars" -d 'List the environment of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "environ" -d 'List the environment of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "creds" -d 'List users, groups, capabilities and other rights of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "capabilities" -d 'List users, groups, capabilities and other rights of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "caps" -d 'List users, groups, capabilities and other rights of processes'
complete -c memsh -n "__fish_memsh_needs_command" -a "namespaces" -d 'List namespaces and who lives in them'
complete -c memsh -n "__fish_memsh_needs_command" -a "lsns" -d 'List namespaces and who lives in them'
complete -c memsh -n "__fish_memsh_needs_command" -a "ns" -d 'List namespaces and who lives in them'
complete -c memsh -n "__fish_memsh_needs_command" -a "cgroups" -d 'List the control groups that processes are in'
complete -c memsh -n "__fish_memsh_needs_command" -a "cgroup" -d 'List the control groups that processes are in'
complete -c memsh -n "__fish_memsh_needs_command" -a "history" -d 'List the commands that users entered, from the memory of their shells; on Windows of their consoles'
complete -c memsh -n "__fish_memsh_needs_command" -a "bash" -d 'List the commands that users entered, from the memory of their shells; on Windows of their consoles'
complete -c memsh -n "__fish_memsh_needs_command" -a "linux.bash" -d 'List the commands that users entered, from the memory of their shells; on Windows of their consoles'
complete -c memsh -n "__fish_memsh_needs_command" -a "cmdscan" -d 'List the commands that users entered, from the memory of their shells; on Windows of their consoles'
complete -c memsh -n "__fish_memsh_needs_command" -a "files" -d 'List the files that processes have open; on Windows all their handles'
complete -c memsh -n "__fish_memsh_needs_command" -a "lsof" -d 'List the files that processes have open; on Windows all their handles'
complete -c memsh -n "__fish_memsh_needs_command" -a "handles" -d 'List the files that processes have open; on Windows all their handles'
complete -c memsh -n "__fish_memsh_needs_command" -a "handle" -d 'List the files that processes have open; on Windows all their handles'
complete -c memsh -n "__fish_memsh_needs_command" -a "fds" -d 'List the files that processes have open; on Windows all their handles'
complete -c memsh -n "__fish_memsh_needs_command" -a "fuser" -d 'List the files that processes have open; on Windows all their handles'
complete -c memsh -n "__fish_memsh_needs_command" -a "mounts" -d 'List what is mounted where, in every mount namespace'
complete -c memsh -n "__fish_memsh_needs_command" -a "mountinfo" -d 'List what is mounted where, in every mount namespace'
complete -c memsh -n "__fish_memsh_needs_command" -a "findmnt" -d 'List what is mounted where, in every mount namespace'
complete -c memsh -n "__fish_memsh_needs_command" -a "pagecache" -d 'List files in the kernel\'s memory, and write out their contents'
complete -c memsh -n "__fish_memsh_needs_command" -a "linux.pagecache.Files" -d 'List files in the kernel\'s memory, and write out their contents'
complete -c memsh -n "__fish_memsh_needs_command" -a "linux.pagecache" -d 'List files in the kernel\'s memory, and write out their contents'
complete -c memsh -n "__fish_memsh_needs_command" -a "files_cache" -d 'List files in the kernel\'s memory, and write out their contents'
complete -c memsh -n "__fish_memsh_needs_command" -a "inodepages" -d 'List where the cached pages of a file lie'
complete -c memsh -n "__fish_memsh_needs_command" -a "linux.pagecache.InodePages" -d 'List where the cached pages of a file lie'
complete -c memsh -n "__fish_memsh_needs_command" -a "net" -d 'List sockets of every network namespace, and who holds them; endpoints of Windows'
complete -c memsh -n "__fish_memsh_needs_command" -a "netstat" -d 'List sockets of every network namespace, and who holds them; endpoints of Windows'
complete -c memsh -n "__fish_memsh_needs_command" -a "netscan" -d 'List sockets of every network namespace, and who holds them; endpoints of Windows'
complete -c memsh -n "__fish_memsh_needs_command" -a "sockstat" -d 'List sockets of every network namespace, and who holds them; endpoints of Windows'
complete -c memsh -n "__fish_memsh_needs_command" -a "ss" -d 'List sockets of every network namespace, and who holds them; endpoints of Windows'
complete -c memsh -n "__fish_memsh_needs_command" -a "interfaces" -d 'List network interfaces of every network namespace, with their addresses'
complete -c memsh -n "__fish_memsh_needs_command" -a "ifconfig" -d 'List network interfaces of every network namespace, with their addresses'
complete -c memsh -n "__fish_memsh_needs_command" -a "ip" -d 'List network interfaces of every network namespace, with their addresses'
complete -c memsh -n "__fish_memsh_needs_command" -a "modules" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "lm" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "lsmod" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "mod" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "dlllist" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "ldrmodules" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "drivers" -d 'List drivers that have an object, with their devices, or those that were unloaded (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "driverscan" -d 'List drivers that have an object, with their devices, or those that were unloaded (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "drvobj" -d 'List drivers that have an object, with their devices, or those that were unloaded (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "objects" -d 'List the objects that have a name, by directory (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "winobj" -d 'List the objects that have a name, by directory (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "objtree" -d 'List the objects that have a name, by directory (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "object" -d 'List the objects that have a name, by directory (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "exports" -d 'List what a module exports (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "eat" -d 'List what a module exports (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "imports" -d 'List what a module imports, and where each import leads now (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "iat" -d 'List what a module imports, and where each import leads now (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "sections" -d 'List the sections of a module: where they are, what may be done there, what is in memory (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "pesections" -d 'List the sections of a module: where they are, what may be done there, what is in memory (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "keyboard" -d 'List the keys that are down in each session (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "keys" -d 'List the keys that are down in each session (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "hives" -d 'List the hives of the registry (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "hivelist" -d 'List the hives of the registry (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "reg" -d 'Read keys and values of the registry (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "registry" -d 'Read keys and values of the registry (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "services" -d 'List services: what the registry has, and what services.exe says of them (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "svcscan" -d 'List services: what the registry has, and what services.exe says of them (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "svclist" -d 'List services: what the registry has, and what services.exe says of them (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "bpf" -d 'List eBPF programs, maps and links, and who holds them'
complete -c memsh -n "__fish_memsh_needs_command" -a "ebpf" -d 'List eBPF programs, maps and links, and who holds them'
complete -c memsh -n "__fish_memsh_needs_command" -a "bpftool" -d 'List eBPF programs, maps and links, and who holds them'
complete -c memsh -n "__fish_memsh_needs_command" -a "bt" -d 'Show the stacks of tasks: which function called which'
complete -c memsh -n "__fish_memsh_needs_command" -a "k" -d 'Show the stacks of tasks: which function called which'
complete -c memsh -n "__fish_memsh_needs_command" -a "backtrace" -d 'Show the stacks of tasks: which function called which'
complete -c memsh -n "__fish_memsh_needs_command" -a "pscallstack" -d 'Show the stacks of tasks: which function called which'
complete -c memsh -n "__fish_memsh_needs_command" -a "stack" -d 'Show the stacks of tasks: which function called which'
complete -c memsh -n "__fish_memsh_needs_command" -a "malfind" -d 'Find what rootkits, implants and injected code leave: hidden processes and modules, foreign code, impostors'
complete -c memsh -n "__fish_memsh_needs_command" -a "findevil" -d 'Find what rootkits, implants and injected code leave: hidden processes and modules, foreign code, impostors'
complete -c memsh -n "__fish_memsh_needs_command" -a "hollowfind" -d 'Find what rootkits, implants and injected code leave: hidden processes and modules, foreign code, impostors'
complete -c memsh -n "__fish_memsh_needs_command" -a "psinject" -d 'Find what rootkits, implants and injected code leave: hidden processes and modules, foreign code, impostors'
complete -c memsh -n "__fish_memsh_needs_command" -a "hooks" -d 'List where the kernel is hooked, and by whom'
complete -c memsh -n "__fish_memsh_needs_command" -a "callbacks" -d 'List where the kernel is hooked, and by whom'
complete -c memsh -n "__fish_memsh_needs_command" -a "textcheck" -d 'Find jumps written into the kernel\'s code'
complete -c memsh -n "__fish_memsh_needs_command" -a "chkimg" -d 'Find jumps written into the kernel\'s code'
complete -c memsh -n "__fish_memsh_needs_command" -a "check_inline_kernel" -d 'Find jumps written into the kernel\'s code'
complete -c memsh -n "__fish_memsh_needs_command" -a "maps" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vmmap" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vad" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vadinfo" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vm" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "address" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "pages" -d 'List what an address space maps, as runs of neighbouring pages'
complete -c memsh -n "__fish_memsh_needs_command" -a "memmap" -d 'List what an address space maps, as runs of neighbouring pages'
complete -c memsh -n "__fish_memsh_needs_command" -a "vtop" -d 'Translate a virtual address to a physical one and show every step of the walk'
complete -c memsh -n "__fish_memsh_needs_command" -a "pte" -d 'Translate a virtual address to a physical one and show every step of the walk'
complete -c memsh -n "__fish_memsh_needs_command" -a "ptov" -d 'List every mapping of a physical address, in the kernel and in every process'
complete -c memsh -n "__fish_memsh_needs_command" -a "read" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "x" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "rd" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "hexdump" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "dis" -d 'Disassemble'
complete -c memsh -n "__fish_memsh_needs_command" -a "u" -d 'Disassemble'
complete -c memsh -n "__fish_memsh_needs_command" -a "disassemble" -d 'Disassemble'
complete -c memsh -n "__fish_memsh_needs_command" -a "disasm" -d 'Disassemble'
complete -c memsh -n "__fish_memsh_needs_command" -a "pd" -d 'Disassemble'
complete -c memsh -n "__fish_memsh_needs_command" -a "emulate" -d 'Run code of the target on its own memory (needs the plugin emulate)'
complete -c memsh -n "__fish_memsh_needs_command" -a "tele" -d 'Follow the pointers at an address'
complete -c memsh -n "__fish_memsh_needs_command" -a "telescope" -d 'Follow the pointers at an address'
complete -c memsh -n "__fish_memsh_needs_command" -a "dump" -d 'Write memory into a file'
complete -c memsh -n "__fish_memsh_needs_command" -a "mount" -d 'Show the target as files and folders, until Ctrl-C'
complete -c memsh -n "__fish_memsh_needs_command" -a "scan" -d 'Search memory for text, bytes, numbers, pointers or regular expressions, many at once'
complete -c memsh -n "__fish_memsh_needs_command" -a "search" -d 'Search memory for text, bytes, numbers, pointers or regular expressions, many at once'
complete -c memsh -n "__fish_memsh_needs_command" -a "s" -d 'Search memory for text, bytes, numbers, pointers or regular expressions, many at once'
complete -c memsh -n "__fish_memsh_needs_command" -a "scan-value" -d 'Begin to follow a value: every place in memory that holds it (`next` narrows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "next" -d 'Narrow the candidates of `scan value` to those whose values are, or have become, this'
complete -c memsh -n "__fish_memsh_needs_command" -a "matches" -d 'The candidates of `scan value` and `next`, with their values now and before'
complete -c memsh -n "__fish_memsh_needs_command" -a "scans" -d 'The scans for values of this session, by name'
complete -c memsh -n "__fish_memsh_needs_command" -a "strings" -d 'List printable text in memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "entropy" -d 'List stretches of memory by their entropy'
complete -c memsh -n "__fish_memsh_needs_command" -a "map" -d 'Draw a picture of physical memory or of a process, in the terminal or as a PNG'
complete -c memsh -n "__fish_memsh_needs_command" -a "yara" -d 'Search memory with YARA rules (needs the plugin yara)'
complete -c memsh -n "__fish_memsh_needs_command" -a "carve" -d 'Find files in memory by their content, and write them out'
complete -c memsh -n "__fish_memsh_needs_command" -a "foremost" -d 'Find files in memory by their content, and write them out'
complete -c memsh -n "__fish_memsh_needs_command" -a "scalpel" -d 'Find files in memory by their content, and write them out'
complete -c memsh -n "__fish_memsh_needs_command" -a "photorec" -d 'Find files in memory by their content, and write them out'
complete -c memsh -n "__fish_memsh_needs_command" -a "features" -d 'Count addresses of mail, the web and networks in memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "bulk_extractor" -d 'Count addresses of mail, the web and networks in memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "xrefs" -d 'List every place that refers to an address: pointers in data, and instructions'
complete -c memsh -n "__fish_memsh_needs_command" -a "xref" -d 'List every place that refers to an address: pointers in data, and instructions'
complete -c memsh -n "__fish_memsh_needs_command" -a "refs" -d 'List every place that refers to an address: pointers in data, and instructions'
complete -c memsh -n "__fish_memsh_needs_command" -a "sig" -d 'Make the shortest pattern that finds the code at an address again, wherever it is loaded'
complete -c memsh -n "__fish_memsh_needs_command" -a "sigmaker" -d 'Make the shortest pattern that finds the code at an address again, wherever it is loaded'
complete -c memsh -n "__fish_memsh_needs_command" -a "signature" -d 'Make the shortest pattern that finds the code at an address again, wherever it is loaded'
complete -c memsh -n "__fish_memsh_needs_command" -a "ptrmap-build" -d 'Collect every pointer of a process or of the kernel'
complete -c memsh -n "__fish_memsh_needs_command" -a "pointer_map" -d 'Collect every pointer of a process or of the kernel'
complete -c memsh -n "__fish_memsh_needs_command" -a "ptrmap-find" -d 'Find paths of pointers that lead from a module to an address'
complete -c memsh -n "__fish_memsh_needs_command" -a "pointerscan" -d 'Find paths of pointers that lead from a module to an address'
complete -c memsh -n "__fish_memsh_needs_command" -a "offset_scan" -d 'Find paths of pointers that lead from a module to an address'
complete -c memsh -n "__fish_memsh_needs_command" -a "ptrmap-check" -d 'Walk saved paths of pointers in this image, and tell where they lead'
complete -c memsh -n "__fish_memsh_needs_command" -a "write" -d 'Write memory of a live target (needs --write)'
complete -c memsh -n "__fish_memsh_needs_command" -a "fill" -d 'Fill memory of a live target with a pattern (needs --write)'
complete -c memsh -n "__fish_memsh_needs_command" -a "undo" -d 'Take writes back, the last one first'
complete -c memsh -n "__fish_memsh_needs_command" -a "matches-write" -d 'Write a value to the candidates of a live target (needs --write)'
complete -c memsh -n "__fish_memsh_needs_command" -a "freeze" -d 'Keep the candidates of a live target at a value until Ctrl-C (needs --write)'
complete -c memsh -n "__fish_memsh_needs_command" -a "symbols" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "sym" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "kallsyms" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "nm" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "symbols-need" -d 'List the symbol files (PDB) that would help, and which of them are there (Windows)'
complete -c memsh -n "__fish_memsh_needs_command" -a "symbols-import" -d 'Copy symbol files of Windows (PDB, ISF) to where memsh finds them'
complete -c memsh -n "__fish_memsh_needs_command" -a "near" -d 'Show which symbol an address belongs to'
complete -c memsh -n "__fish_memsh_needs_command" -a "ln" -d 'Show which symbol an address belongs to'
complete -c memsh -n "__fish_memsh_needs_command" -a "dt" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "struct" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "union" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "whatis" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "ptype" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "list" -d 'Walk a list of the kernel\'s'
complete -c memsh -n "__fish_memsh_needs_command" -a "dl" -d 'Walk a list of the kernel\'s'
complete -c memsh -n "__fish_memsh_needs_command" -a "tree" -d 'Walk a tree of the kernel\'s'
complete -c memsh -n "__fish_memsh_needs_command" -a "percpu" -d 'List per-CPU variables'
complete -c memsh -n "__fish_memsh_needs_command" -a "per_cpu" -d 'List per-CPU variables'
complete -c memsh -n "__fish_memsh_needs_command" -a "eval" -d 'Show the value of an expression'
complete -c memsh -n "__fish_memsh_needs_command" -a "calc" -d 'Show the value of an expression'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins" -d 'List connectors, OS layers and commands: those in memsh and those in plugin folders, with why one can\'t be used'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugin" -d 'List connectors, OS layers and commands: those in memsh and those in plugin folders, with why one can\'t be used'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins-info" -d 'Show what a connector, OS layer or command takes, and where each version of it lies'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins-targets" -d 'List what a connector can see now: running machines, files'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins-check" -d 'Check whether a file is a plugin that this memsh can use, and load it to be sure'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins-install" -d 'Install a plugin: from its source, an archive, a file, or an index'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins-upgrade" -d 'Install anew what has changed where it came from'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins-remove" -d 'Remove a plugin that was installed, with all that its script copied'
complete -c memsh -n "__fish_memsh_needs_command" -a "plugins-new" -d 'Write the beginning of a plugin: a folder that builds, loads and does something'
complete -c memsh -n "__fish_memsh_needs_command" -a "run" -d 'Run a command of a plugin'
complete -c memsh -n "__fish_memsh_needs_command" -a "check" -d 'Run the commands in a file and compare their answers with those in it'
complete -c memsh -n "__fish_memsh_needs_command" -a "diff" -d 'Compare the target with another one: processes, modules, pages'
complete -c memsh -n "__fish_memsh_needs_command" -a "compare" -d 'Compare the target with another one: processes, modules, pages'
complete -c memsh -n "__fish_memsh_needs_command" -a "version" -d 'Show which memsh this is: version, commit, features, and what it was built with'
complete -c memsh -n "__fish_memsh_needs_command" -a "report" -d 'Write a report into a folder: one page, JSON and CSV of each section, a timeline, a picture of memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "timeline" -d 'List what happened when: processes, files, modules, registry keys, connections, log lines'
complete -c memsh -n "__fish_memsh_needs_command" -a "timeliner" -d 'List what happened when: processes, files, modules, registry keys, connections, log lines'
complete -c memsh -n "__fish_memsh_needs_command" -a "log-verify" -d 'Verify a transcript that `log FILE` wrote: each entry against its hash and the one before'
complete -c memsh -n "__fish_memsh_needs_command" -a "schema" -d 'Print the JSON Schema of a command\'s answer, or of all of them'
complete -c memsh -n "__fish_memsh_needs_command" -a "completions" -d 'Print completions for a shell'
complete -c memsh -n "__fish_memsh_needs_command" -a "man" -d 'Print the man page'
complete -c memsh -n "__fish_memsh_needs_command" -a "help" -d 'Explain a command'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand info" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand info" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand info" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand info" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand info" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand info" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand info" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand info" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand info" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -s l -l level -d 'Only messages at least this severe: emerg, alert, crit, err, warn, notice, info, debug, or 0 to 7' -r
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand kmsg" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -s l -l level -d 'Only messages at least this severe: emerg, alert, crit, err, warn, notice, info, debug, or 0 to 7' -r
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand dmesg" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -s l -l level -d 'Only messages at least this severe: emerg, alert, crit, err, warn, notice, info, debug, or 0 to 7' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand linux.kmsg" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l ports -d 'I/O ports in place of physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand iomem" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l precise -d 'Only precise timers (hrtimers)'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l wheel -d 'Only timers of the wheels'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand timers" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l precise -d 'Only precise timers (hrtimers)'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l wheel -d 'Only timers of the wheels'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand timer" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand swaps" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand swapon" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s t -l tree -d 'Children below their parents (the table draws the branches)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s u -l user -d 'Only processes of users, no threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s k -l kernel -d 'Only threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s s -l scan -d 'Look for processes by every way that leads to them, and compare: hidden and ended ones too (Linux, Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l threads -d 'With --scan, every thread and not the processes alone (Linux)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s t -l tree -d 'Children below their parents (the table draws the branches)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s u -l user -d 'Only processes of users, no threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s k -l kernel -d 'Only threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s s -l scan -d 'Look for processes by every way that leads to them, and compare: hidden and ended ones too (Linux, Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l threads -d 'With --scan, every thread and not the processes alone (Linux)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s t -l tree -d 'Children below their parents (the table draws the branches)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s u -l user -d 'Only processes of users, no threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s k -l kernel -d 'Only threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s s -l scan -d 'Look for processes by every way that leads to them, and compare: hidden and ended ones too (Linux, Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l threads -d 'With --scan, every thread and not the processes alone (Linux)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand env" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand env" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand env" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand env" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand env" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand env" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand env" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -s c -l capability -d 'Only processes with this capability effective (`cap_sys_admin`, `net_raw`), on Windows with this privilege enabled (`SeDebugPrivilege`, `debug`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand creds" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand creds" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -s c -l capability -d 'Only processes with this capability effective (`cap_sys_admin`, `net_raw`), on Windows with this privilege enabled (`SeDebugPrivilege`, `debug`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand capabilities" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -s c -l capability -d 'Only processes with this capability effective (`cap_sys_admin`, `net_raw`), on Windows with this privilege enabled (`SeDebugPrivilege`, `debug`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand caps" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand caps" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -s t -l kind -d 'Only of this kind: mnt, pid, net, uts, ipc, user, cgroup, time' -r -f -a "mnt\t''
pid\t''
net\t''
uts\t''
ipc\t''
user\t''
cgroup\t''
time\t''"
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand namespaces" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -s t -l kind -d 'Only of this kind: mnt, pid, net, uts, ipc, user, cgroup, time' -r -f -a "mnt\t''
pid\t''
net\t''
uts\t''
ipc\t''
user\t''
cgroup\t''
time\t''"
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand lsns" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -s t -l kind -d 'Only of this kind: mnt, pid, net, uts, ipc, user, cgroup, time' -r -f -a "mnt\t''
pid\t''
net\t''
uts\t''
ipc\t''
user\t''
cgroup\t''
time\t''"
complete -c memsh -n "__fish_memsh_using_subcommand ns" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ns" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand cgroups" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand cgroup" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand history" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand history" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand history" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand history" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand history" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand history" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand history" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand history" -s a -l all -d 'Look through every process, not only shells: gdb, python and database clients keep a history too. On Windows, not only consoles'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand history" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand history" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand history" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand history" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bash" -s a -l all -d 'Look through every process, not only shells: gdb, python and database clients keep a history too. On Windows, not only consoles'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand bash" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -s a -l all -d 'Look through every process, not only shells: gdb, python and database clients keep a history too. On Windows, not only consoles'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand linux.bash" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -s a -l all -d 'Look through every process, not only shells: gdb, python and database clients keep a history too. On Windows, not only consoles'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand cmdscan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l path -d 'Only files of this path (`*`, `?`, or a regular expression between slashes) or with this inode number: who uses them' -r
complete -c memsh -n "__fish_memsh_using_subcommand files" -s t -l kind -d 'Only files of this kind; on Windows objects of this type too (`key`, `event`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand files" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand files" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand files" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand files" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand files" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand files" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand files" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand files" -s a -l all -d 'Also the program, working and root directories, and mapped files'
complete -c memsh -n "__fish_memsh_using_subcommand files" -s d -l deleted -d 'Only files whose name is gone'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l scan -d 'Every file object in memory, open or not, one pass over it (Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand files" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand files" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand files" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand files" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l path -d 'Only files of this path (`*`, `?`, or a regular expression between slashes) or with this inode number: who uses them' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -s t -l kind -d 'Only files of this kind; on Windows objects of this type too (`key`, `event`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -s a -l all -d 'Also the program, working and root directories, and mapped files'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -s d -l deleted -d 'Only files whose name is gone'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l scan -d 'Every file object in memory, open or not, one pass over it (Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand lsof" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l path -d 'Only files of this path (`*`, `?`, or a regular expression between slashes) or with this inode number: who uses them' -r
complete -c memsh -n "__fish_memsh_using_subcommand handles" -s t -l kind -d 'Only files of this kind; on Windows objects of this type too (`key`, `event`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand handles" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand handles" -s a -l all -d 'Also the program, working and root directories, and mapped files'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -s d -l deleted -d 'Only files whose name is gone'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l scan -d 'Every file object in memory, open or not, one pass over it (Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand handles" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l path -d 'Only files of this path (`*`, `?`, or a regular expression between slashes) or with this inode number: who uses them' -r
complete -c memsh -n "__fish_memsh_using_subcommand handle" -s t -l kind -d 'Only files of this kind; on Windows objects of this type too (`key`, `event`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand handle" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand handle" -s a -l all -d 'Also the program, working and root directories, and mapped files'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -s d -l deleted -d 'Only files whose name is gone'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l scan -d 'Every file object in memory, open or not, one pass over it (Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand handle" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l path -d 'Only files of this path (`*`, `?`, or a regular expression between slashes) or with this inode number: who uses them' -r
complete -c memsh -n "__fish_memsh_using_subcommand fds" -s t -l kind -d 'Only files of this kind; on Windows objects of this type too (`key`, `event`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand fds" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand fds" -s a -l all -d 'Also the program, working and root directories, and mapped files'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -s d -l deleted -d 'Only files whose name is gone'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l scan -d 'Every file object in memory, open or not, one pass over it (Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand fds" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l path -d 'Only files of this path (`*`, `?`, or a regular expression between slashes) or with this inode number: who uses them' -r
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -s t -l kind -d 'Only files of this kind; on Windows objects of this type too (`key`, `event`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -s a -l all -d 'Also the program, working and root directories, and mapped files'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -s d -l deleted -d 'Only files whose name is gone'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l scan -d 'Every file object in memory, open or not, one pass over it (Windows)'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand fuser" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand mounts" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand mountinfo" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand findmnt" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l fstype -d 'Only files of this type of file system: ext4, tmpfs, overlay' -r
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l extract -d 'Write what is cached of each regular file below this directory, which must be new or empty' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l deleted -d 'Only deleted files'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -s a -l all -d 'List files of which no page is cached, too'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pagecache" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l fstype -d 'Only files of this type of file system: ext4, tmpfs, overlay' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l extract -d 'Write what is cached of each regular file below this directory, which must be new or empty' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l deleted -d 'Only deleted files'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -s a -l all -d 'List files of which no page is cached, too'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.Files" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l fstype -d 'Only files of this type of file system: ext4, tmpfs, overlay' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l extract -d 'Write what is cached of each regular file below this directory, which must be new or empty' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l deleted -d 'Only deleted files'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -s a -l all -d 'List files of which no page is cached, too'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l fstype -d 'Only files of this type of file system: ext4, tmpfs, overlay' -r
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l extract -d 'Write what is cached of each regular file below this directory, which must be new or empty' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l deleted -d 'Only deleted files'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -s a -l all -d 'List files of which no page is cached, too'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand files_cache" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand inodepages" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand linux.pagecache.InodePages" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l port -d 'Only this local or remote port' -r
complete -c memsh -n "__fish_memsh_using_subcommand net" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand net" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand net" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand net" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand net" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand net" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand net" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand net" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand net" -s l -l listening -d 'Only sockets that wait for connections'
complete -c memsh -n "__fish_memsh_using_subcommand net" -s t -l tcp -d 'Only TCP'
complete -c memsh -n "__fish_memsh_using_subcommand net" -s u -l udp -d 'Only UDP and UDP-Lite'
complete -c memsh -n "__fish_memsh_using_subcommand net" -s w -l raw -d 'Only RAW and ICMP'
complete -c memsh -n "__fish_memsh_using_subcommand net" -s x -l unix -d 'Only UNIX'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l packet -d 'Only packet sockets (sniffers)'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l netlink -d 'Only netlink'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand net" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand net" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand net" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand net" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l port -d 'Only this local or remote port' -r
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s l -l listening -d 'Only sockets that wait for connections'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s t -l tcp -d 'Only TCP'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s u -l udp -d 'Only UDP and UDP-Lite'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s w -l raw -d 'Only RAW and ICMP'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s x -l unix -d 'Only UNIX'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l packet -d 'Only packet sockets (sniffers)'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l netlink -d 'Only netlink'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand netstat" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l port -d 'Only this local or remote port' -r
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s l -l listening -d 'Only sockets that wait for connections'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s t -l tcp -d 'Only TCP'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s u -l udp -d 'Only UDP and UDP-Lite'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s w -l raw -d 'Only RAW and ICMP'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s x -l unix -d 'Only UNIX'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l packet -d 'Only packet sockets (sniffers)'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l netlink -d 'Only netlink'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand netscan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l port -d 'Only this local or remote port' -r
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s l -l listening -d 'Only sockets that wait for connections'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s t -l tcp -d 'Only TCP'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s u -l udp -d 'Only UDP and UDP-Lite'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s w -l raw -d 'Only RAW and ICMP'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s x -l unix -d 'Only UNIX'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l packet -d 'Only packet sockets (sniffers)'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l netlink -d 'Only netlink'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand sockstat" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l port -d 'Only this local or remote port' -r
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s l -l listening -d 'Only sockets that wait for connections'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s t -l tcp -d 'Only TCP'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s u -l udp -d 'Only UDP and UDP-Lite'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s w -l raw -d 'Only RAW and ICMP'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s x -l unix -d 'Only UNIX'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l packet -d 'Only packet sockets (sniffers)'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l netlink -d 'Only netlink'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ss" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -s u -l up -d 'Only those that were turned on'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l promiscuous -d 'Only those that take packets for others: somebody listens'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand interfaces" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -s u -l up -d 'Only those that were turned on'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l promiscuous -d 'Only those that take packets for others: somebody listens'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ifconfig" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l namespace -d 'Only this network namespace: its number, as `namespace` has it' -r
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ip" -s u -l up -d 'Only those that were turned on'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l promiscuous -d 'Only those that take packets for others: somebody listens'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ip" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s a -l address -d 'Only the module that holds this address' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s s -l scan -d 'Look for modules of the kernel by every way that leads to them, and compare: hidden ones too'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s a -l address -d 'Only the module that holds this address' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s s -l scan -d 'Look for modules of the kernel by every way that leads to them, and compare: hidden ones too'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s a -l address -d 'Only the module that holds this address' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s s -l scan -d 'Look for modules of the kernel by every way that leads to them, and compare: hidden ones too'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s a -l address -d 'Only the module that holds this address' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s s -l scan -d 'Look for modules of the kernel by every way that leads to them, and compare: hidden ones too'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s a -l address -d 'Only the module that holds this address' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s s -l scan -d 'Look for modules of the kernel by every way that leads to them, and compare: hidden ones too'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s a -l address -d 'Only the module that holds this address' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s s -l scan -d 'Look for modules of the kernel by every way that leads to them, and compare: hidden ones too'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -s u -l unloaded -d 'Only drivers that were unloaded, as far as the kernel remembers them'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -s s -l suspicious -d 'Only what looks wrong'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand drivers" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -s u -l unloaded -d 'Only drivers that were unloaded, as far as the kernel remembers them'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -s s -l suspicious -d 'Only what looks wrong'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand driverscan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -s u -l unloaded -d 'Only drivers that were unloaded, as far as the kernel remembers them'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -s s -l suspicious -d 'Only what looks wrong'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand drvobj" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -s t -l type -d 'Only objects of this type (`directory`, `event`, `mutant`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand objects" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -s t -l type -d 'Only objects of this type (`directory`, `event`, `mutant`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand winobj" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -s t -l type -d 'Only objects of this type (`directory`, `event`, `mutant`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand objtree" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand object" -s t -l type -d 'Only objects of this type (`directory`, `event`, `mutant`, ...)' -r
complete -c memsh -n "__fish_memsh_using_subcommand object" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand object" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand object" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand object" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand object" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand object" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand object" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand object" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand object" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand object" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand object" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand object" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand object" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand object" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand object" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand object" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand object" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand exports" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand exports" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand eat" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand eat" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand imports" -s s -l suspicious -d 'Only imports that lead elsewhere than they ought to'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand imports" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand iat" -s s -l suspicious -d 'Only imports that lead elsewhere than they ought to'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand iat" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sections" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand sections" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pesections" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -s a -l all -d 'Also keys that are toggled: pressed an odd number of times'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand keyboard" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand keys" -s a -l all -d 'Also keys that are toggled: pressed an odd number of times'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand keys" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hives" -s s -l scan -d 'Look through memory, too, for hives that are in no list'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand hives" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -s s -l scan -d 'Look through memory, too, for hives that are in no list'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand hivelist" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -s d -l depth -d 'So many levels below the key and no more' -r
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand reg" -s r -l recurse -d 'Everything below the key, too'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -s k -l keys -d 'Keys only'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -s s -l scan -d 'Look for hives that are in no list, too'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand reg" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -s d -l depth -d 'So many levels below the key and no more' -r
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand registry" -s r -l recurse -d 'Everything below the key, too'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -s k -l keys -d 'Keys only'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -s s -l scan -d 'Look for hives that are in no list, too'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand registry" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand services" -s p -l pid -d 'Only services that run in this process' -r
complete -c memsh -n "__fish_memsh_using_subcommand services" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand services" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand services" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand services" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand services" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand services" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand services" -s u -l programs -d 'Programs only, no drivers'
complete -c memsh -n "__fish_memsh_using_subcommand services" -s d -l drivers -d 'Drivers only'
complete -c memsh -n "__fish_memsh_using_subcommand services" -s s -l suspicious -d 'Only those of which registry and services.exe say different things'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand services" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand services" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand services" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand services" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -s p -l pid -d 'Only services that run in this process' -r
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -s u -l programs -d 'Programs only, no drivers'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -s d -l drivers -d 'Drivers only'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -s s -l suspicious -d 'Only those of which registry and services.exe say different things'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand svcscan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -s p -l pid -d 'Only services that run in this process' -r
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -s u -l programs -d 'Programs only, no drivers'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -s d -l drivers -d 'Drivers only'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -s s -l suspicious -d 'Only those of which registry and services.exe say different things'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand svclist" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l programs -d 'Only programs'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l maps -d 'Only maps'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l links -d 'Only links'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand bpf" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l programs -d 'Only programs'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l maps -d 'Only maps'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l links -d 'Only links'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ebpf" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l programs -d 'Only programs'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l maps -d 'Only maps'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l links -d 'Only links'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand bpftool" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bt" -s a -l active -d 'The tasks that run, one for each processor'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -s g -l guess -d 'Also every word on the stack that looks like a return address'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -s r -l registers -d 'Also the registers with which the program entered the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand bt" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand k" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand k" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand k" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand k" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand k" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand k" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand k" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand k" -s a -l active -d 'The tasks that run, one for each processor'
complete -c memsh -n "__fish_memsh_using_subcommand k" -s g -l guess -d 'Also every word on the stack that looks like a return address'
complete -c memsh -n "__fish_memsh_using_subcommand k" -s r -l registers -d 'Also the registers with which the program entered the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand k" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand k" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand k" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand k" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -s a -l active -d 'The tasks that run, one for each processor'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -s g -l guess -d 'Also every word on the stack that looks like a return address'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -s r -l registers -d 'Also the registers with which the program entered the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand backtrace" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -s a -l active -d 'The tasks that run, one for each processor'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -s g -l guess -d 'Also every word on the stack that looks like a return address'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -s r -l registers -d 'Also the registers with which the program entered the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pscallstack" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand stack" -s a -l active -d 'The tasks that run, one for each processor'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -s g -l guess -d 'Also every word on the stack that looks like a return address'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -s r -l registers -d 'Also the registers with which the program entered the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand stack" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l kind -d 'Only findings of this kind: process, module, hook, code, memory, file, environment, trace' -r -f -a "process\t''
module\t''
hook\t''
code\t''
memory\t''
file\t''
environment\t''
trace\t''"
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand malfind" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l kind -d 'Only findings of this kind: process, module, hook, code, memory, file, environment, trace' -r -f -a "process\t''
module\t''
hook\t''
code\t''
memory\t''
file\t''
environment\t''
trace\t''"
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand findevil" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l kind -d 'Only findings of this kind: process, module, hook, code, memory, file, environment, trace' -r -f -a "process\t''
module\t''
hook\t''
code\t''
memory\t''
file\t''
environment\t''
trace\t''"
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand hollowfind" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l kind -d 'Only findings of this kind: process, module, hook, code, memory, file, environment, trace' -r -f -a "process\t''
module\t''
hook\t''
code\t''
memory\t''
file\t''
environment\t''
trace\t''"
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand psinject" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l only -d 'Only this table, every slot of it (`syscall`, `idt`, `netfilter`, ...; several with commas)' -r -f -a "binfmt\t''
bugcheck\t''
compat_syscall\t''
constant\t''
dentry_operations\t''
file_operations\t''
filesystem\t''
ftrace\t''
helper\t''
ia32_syscall\t''
idt\t''
image\t''
inline\t''
inode_operations\t''
irp\t''
kprobe\t''
kretprobe\t''
livepatch\t''
lsm\t''
netfilter\t''
notifier\t''
object\t''
packet\t''
process\t''
registry\t''
seq_operations\t''
shutdown\t''
socket\t''
super_operations\t''
syscall\t''
thread\t''
tracepoint\t''
tty\t''
x32_syscall\t''"
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -s m -l module -d 'Only hooks whose code belongs to this module' -r
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -s a -l all -d 'Also every slot of the tables that the kernel filled itself'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -s s -l suspicious -d 'Only what looks wrong'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand hooks" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l only -d 'Only this table, every slot of it (`syscall`, `idt`, `netfilter`, ...; several with commas)' -r -f -a "binfmt\t''
bugcheck\t''
compat_syscall\t''
constant\t''
dentry_operations\t''
file_operations\t''
filesystem\t''
ftrace\t''
helper\t''
ia32_syscall\t''
idt\t''
image\t''
inline\t''
inode_operations\t''
irp\t''
kprobe\t''
kretprobe\t''
livepatch\t''
lsm\t''
netfilter\t''
notifier\t''
object\t''
packet\t''
process\t''
registry\t''
seq_operations\t''
shutdown\t''
socket\t''
super_operations\t''
syscall\t''
thread\t''
tracepoint\t''
tty\t''
x32_syscall\t''"
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -s m -l module -d 'Only hooks whose code belongs to this module' -r
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -s a -l all -d 'Also every slot of the tables that the kernel filled itself'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -s s -l suspicious -d 'Only what looks wrong'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand callbacks" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -s a -l all -d 'Also what the kernel patched itself (traced functions, static calls, kprobes), and every executable mapping'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand textcheck" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -s a -l all -d 'Also what the kernel patched itself (traced functions, static calls, kprobes), and every executable mapping'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand chkimg" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -s a -l all -d 'Also what the kernel patched itself (traced functions, static calls, kprobes), and every executable mapping'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand check_inline_kernel" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s x -l executable -d 'Only regions that can be executed'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s w -l writable -d 'Only regions that can be written'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s x -l executable -d 'Only regions that can be executed'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s w -l writable -d 'Only regions that can be written'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s x -l executable -d 'Only regions that can be executed'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s w -l writable -d 'Only regions that can be written'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s x -l executable -d 'Only regions that can be executed'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s w -l writable -d 'Only regions that can be written'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s x -l executable -d 'Only regions that can be executed'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s w -l writable -d 'Only regions that can be written'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand address" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand address" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand address" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand address" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand address" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand address" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand address" -s x -l executable -d 'Only regions that can be executed'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s w -l writable -d 'Only regions that can be written'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s a -l all -d 'The kernel\'s part of a process\'s address space too'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s a -l all -d 'The kernel\'s part of a process\'s address space too'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l batch -d 'Translate every address in this file (one per line, `#` comments; `-` is stdin): one row each' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l root -d 'Physical address of another page-table root to begin at' -r
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l batch -d 'Translate every address in this file (one per line, `#` comments; `-` is stdin): one row each' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l root -d 'Physical address of another page-table root to begin at' -r
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l as -d 'How the dump shows them: b bytes, w d q words of 2, 4 and 8 bytes, c words of 4, p pointers with their symbols, s a string, u a string in UTF-16' -r -f -a "b\t''
w\t''
d\t''
c\t''
q\t''
p\t''
s\t''
u\t''"
complete -c memsh -n "__fish_memsh_using_subcommand read" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand read" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand read" -l no-ascii -d 'No column of characters'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l as -d 'How the dump shows them: b bytes, w d q words of 2, 4 and 8 bytes, c words of 4, p pointers with their symbols, s a string, u a string in UTF-16' -r -f -a "b\t''
w\t''
d\t''
c\t''
q\t''
p\t''
s\t''
u\t''"
complete -c memsh -n "__fish_memsh_using_subcommand x" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand x" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand x" -l no-ascii -d 'No column of characters'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l as -d 'How the dump shows them: b bytes, w d q words of 2, 4 and 8 bytes, c words of 4, p pointers with their symbols, s a string, u a string in UTF-16' -r -f -a "b\t''
w\t''
d\t''
c\t''
q\t''
p\t''
s\t''
u\t''"
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l no-ascii -d 'No column of characters'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l as -d 'How the dump shows them: b bytes, w d q words of 2, 4 and 8 bytes, c words of 4, p pointers with their symbols, s a string, u a string in UTF-16' -r -f -a "b\t''
w\t''
d\t''
c\t''
q\t''
p\t''
s\t''
u\t''"
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l no-ascii -d 'No column of characters'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s n -l count -d 'Instructions to show' -r
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l syntax -d 'How x86 is written' -r -f -a "intel\t''
att\t''"
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s f -l function -d 'The whole function that ADDR lies in'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s r -l reverse -d 'What comes before: from the start of the function up to ADDR (with `-n`, the last of it)'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand dis" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand u" -s n -l count -d 'Instructions to show' -r
complete -c memsh -n "__fish_memsh_using_subcommand u" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand u" -l syntax -d 'How x86 is written' -r -f -a "intel\t''
att\t''"
complete -c memsh -n "__fish_memsh_using_subcommand u" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand u" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand u" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand u" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand u" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand u" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand u" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand u" -s f -l function -d 'The whole function that ADDR lies in'
complete -c memsh -n "__fish_memsh_using_subcommand u" -s r -l reverse -d 'What comes before: from the start of the function up to ADDR (with `-n`, the last of it)'
complete -c memsh -n "__fish_memsh_using_subcommand u" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand u" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand u" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand u" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand u" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s n -l count -d 'Instructions to show' -r
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l syntax -d 'How x86 is written' -r -f -a "intel\t''
att\t''"
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s f -l function -d 'The whole function that ADDR lies in'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s r -l reverse -d 'What comes before: from the start of the function up to ADDR (with `-n`, the last of it)'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand disassemble" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s n -l count -d 'Instructions to show' -r
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l syntax -d 'How x86 is written' -r -f -a "intel\t''
att\t''"
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s f -l function -d 'The whole function that ADDR lies in'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s r -l reverse -d 'What comes before: from the start of the function up to ADDR (with `-n`, the last of it)'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand disasm" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s n -l count -d 'Instructions to show' -r
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l syntax -d 'How x86 is written' -r -f -a "intel\t''
att\t''"
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s f -l function -d 'The whole function that ADDR lies in'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s r -l reverse -d 'What comes before: from the start of the function up to ADDR (with `-n`, the last of it)'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pd" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l args -d 'Its arguments: expressions; text:STRING, wide:STRING, hex:BYTES, zero:SIZE, file:PATH pass the address of a buffer' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l abi -d 'How it is called, where not as is usual: sysv, win64; cdecl, stdcall, fastcall, thiscall, regparm; aapcs64' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l bytes -d 'Run this code, bytes in hex, in place of code of the target' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l until -d 'End before the instruction at this address' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l hook -d 'At this address: ret:VALUE returns from there, skip passes the instruction over, stop, log; `syscall=ret:VALUE` answers system calls' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l reg -d 'Set a register before the run' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l read -d 'Show this memory after the run' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l steps -d 'So many instructions at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l timeout -d 'So much time at most (2s, 500ms)' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l memory -d 'So much memory at most: pages that are touched, stack and buffers' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l stack -d 'Size of the stack' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l isa -d 'Instruction set, where it is not the target\'s own: x86, x86_64, aarch64' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l trace -d 'A row for each instruction, with the registers that it changed'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand emulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l depth -d 'Pointers to follow from each word' -r
complete -c memsh -n "__fish_memsh_using_subcommand tele" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tele" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand tele" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l depth -d 'Pointers to follow from each word' -r
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand telescope" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s n -l length -d 'Bytes from the address that WHAT names; a number or an expression, `4k`' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l file -d 'What is cached of this file of the target: its path, or the address of its inode (`pagecache` lists them)' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s o -l output -d 'The file to write; one that exists is left alone' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l format -d 'raw bytes (unreadable ones as zeros), an ELF core, LiME, AVML (compressed; blocks of zeros left out), kdump (compressed; physical memory only), or pe (a module of Windows as a file that tools open; raw is as it lies in memory); default: elf for a process, pe for a module of Windows, else raw' -r -f -a "raw\t''
elf\t''
lime\t''
avml\t''
kdump\t''
pe\t''"
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mount" -s f -l foreground -d 'Stay until it is unmounted (as it does anyway)'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l allow-other -d 'Let other users read it too, not only who mounts it'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand mount" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l encoding -d 'Text in these encodings, with commas between: utf8, latin1, cp1252, koi8-r, shift_jis, gb18030, ...' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s t -l type -d 'Types of the number, with commas between: i8 u8 i16 u16 i32 u32 i64 u64 f32 f64, `be` behind for the high byte first, ptr; else 4 bytes where it fits, then 8' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l tolerance -d 'Numbers that are no further away than this, too' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l also -d 'And this, in the same pass: read as PATTERN, or as the word before a colon says (text, utf16, utf16be, latin1, both, hex, regex, guid, u32 and the other types)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l needles -d 'All that stands in a file, a needle in each line, read as --also; what stands on the line besides is then a RANGE' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l align -d 'Only at addresses that are a multiple of this' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l around -l context -d 'The bytes before and behind a hit as well, so many (JSON has them as `before` and `behind`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s u -l utf16 -d 'Text (or a regex) as UTF-16, low byte first'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l utf16be -d 'Text (or a regex) as UTF-16, high byte first'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s b -l both -d 'Text (or a regex) as UTF-8 and as UTF-16'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s i -l ignore-case -d 'Upper and lower case are the same, as Unicode pairs letters; an ASCII letter is never taken for another script\'s'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s x -l hex -d 'PATTERN is bytes in hex, `?` for a digit that does not matter; jumps and alternatives as in YARA: `4d 5a [2-6] (50|51 ??)`'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s e -l regex -d 'PATTERN is a regular expression over bytes, or over UTF-16 with -u, --utf16be or -b'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s n -l number -d 'PATTERN is a number, or LOW..HIGH with both ends in it'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l unaligned -d 'Numbers at any address, not only at multiples of their size'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l pointer-to -d 'PATTERN is what pointers lead to: an address, START..END, or a module (the process\'s, or the kernel\'s)'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l guid -d 'PATTERN is a GUID: as Windows and EFI have it in memory, and as text'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l count -d 'How many hits, and how many matches that differ, in each space (and of each needle, where there are several)'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l unique -d 'Each match once, with how often it was found'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l owner -d 'Of physical memory: who uses the frame, and which processes map it'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l encoding -d 'Text in these encodings, with commas between: utf8, latin1, cp1252, koi8-r, shift_jis, gb18030, ...' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -s t -l type -d 'Types of the number, with commas between: i8 u8 i16 u16 i32 u32 i64 u64 f32 f64, `be` behind for the high byte first, ptr; else 4 bytes where it fits, then 8' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l tolerance -d 'Numbers that are no further away than this, too' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l also -d 'And this, in the same pass: read as PATTERN, or as the word before a colon says (text, utf16, utf16be, latin1, both, hex, regex, guid, u32 and the other types)' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l needles -d 'All that stands in a file, a needle in each line, read as --also; what stands on the line besides is then a RANGE' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand search" -l align -d 'Only at addresses that are a multiple of this' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l around -l context -d 'The bytes before and behind a hit as well, so many (JSON has them as `before` and `behind`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand search" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand search" -s u -l utf16 -d 'Text (or a regex) as UTF-16, low byte first'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l utf16be -d 'Text (or a regex) as UTF-16, high byte first'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s b -l both -d 'Text (or a regex) as UTF-8 and as UTF-16'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s i -l ignore-case -d 'Upper and lower case are the same, as Unicode pairs letters; an ASCII letter is never taken for another script\'s'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s x -l hex -d 'PATTERN is bytes in hex, `?` for a digit that does not matter; jumps and alternatives as in YARA: `4d 5a [2-6] (50|51 ??)`'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s e -l regex -d 'PATTERN is a regular expression over bytes, or over UTF-16 with -u, --utf16be or -b'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s n -l number -d 'PATTERN is a number, or LOW..HIGH with both ends in it'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l unaligned -d 'Numbers at any address, not only at multiples of their size'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l pointer-to -d 'PATTERN is what pointers lead to: an address, START..END, or a module (the process\'s, or the kernel\'s)'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l guid -d 'PATTERN is a GUID: as Windows and EFI have it in memory, and as text'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l count -d 'How many hits, and how many matches that differ, in each space (and of each needle, where there are several)'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l unique -d 'Each match once, with how often it was found'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l owner -d 'Of physical memory: who uses the frame, and which processes map it'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l encoding -d 'Text in these encodings, with commas between: utf8, latin1, cp1252, koi8-r, shift_jis, gb18030, ...' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -s t -l type -d 'Types of the number, with commas between: i8 u8 i16 u16 i32 u32 i64 u64 f32 f64, `be` behind for the high byte first, ptr; else 4 bytes where it fits, then 8' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l tolerance -d 'Numbers that are no further away than this, too' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l also -d 'And this, in the same pass: read as PATTERN, or as the word before a colon says (text, utf16, utf16be, latin1, both, hex, regex, guid, u32 and the other types)' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l needles -d 'All that stands in a file, a needle in each line, read as --also; what stands on the line besides is then a RANGE' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand s" -l align -d 'Only at addresses that are a multiple of this' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l around -l context -d 'The bytes before and behind a hit as well, so many (JSON has them as `before` and `behind`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand s" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand s" -s u -l utf16 -d 'Text (or a regex) as UTF-16, low byte first'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l utf16be -d 'Text (or a regex) as UTF-16, high byte first'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s b -l both -d 'Text (or a regex) as UTF-8 and as UTF-16'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s i -l ignore-case -d 'Upper and lower case are the same, as Unicode pairs letters; an ASCII letter is never taken for another script\'s'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s x -l hex -d 'PATTERN is bytes in hex, `?` for a digit that does not matter; jumps and alternatives as in YARA: `4d 5a [2-6] (50|51 ??)`'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s e -l regex -d 'PATTERN is a regular expression over bytes, or over UTF-16 with -u, --utf16be or -b'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s n -l number -d 'PATTERN is a number, or LOW..HIGH with both ends in it'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l unaligned -d 'Numbers at any address, not only at multiples of their size'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l pointer-to -d 'PATTERN is what pointers lead to: an address, START..END, or a module (the process\'s, or the kernel\'s)'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l guid -d 'PATTERN is a GUID: as Windows and EFI have it in memory, and as text'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l count -d 'How many hits, and how many matches that differ, in each space (and of each needle, where there are several)'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l unique -d 'Each match once, with how often it was found'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l owner -d 'Of physical memory: who uses the frame, and which processes map it'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -s t -l type -d 'i8 u8 i16 u16 i32 u32 i64 u64 f32 f64 (with le or be behind it), ptr, text, bytes (with ?: text8, bytes16)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l align -d 'Only at addresses that are a multiple of this (without it of the value\'s size; of 1 for text and bytes)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l tolerance -d 'A float counts when it is this close (without it, when it rounds to the digits given)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l name -d 'Name of the scan, to have several at once' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l max-memory -d 'Memory that the candidates may take' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l save -d 'Write the candidates to a file, for `next --from FILE` (in place of what is there)' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l readable -d 'In all that can be read; without it, of a process only in what it may write to'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand scan-value" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l tolerance -d 'A float counts when it is this close (without it, when it rounds to the digits given)' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l max -d 'Tell the matches with the counts where they are no more than this' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l name -d 'Name of the scan; without one the scan that was used last' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l from -d 'Take the candidates from a file that --save wrote, be it of another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand next" -l max-memory -d 'Memory that the candidates may take' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l save -d 'Write the candidates to a file, for `next --from FILE` (in place of what is there)' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand next" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand next" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand next" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand next" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand next" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand next" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand next" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand next" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l name -d 'Name of the scan; without one the scan that was used last' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l from -d 'Take the candidates from a file that --save wrote, be it of another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l max-memory -d 'Memory that the candidates may take' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l save -d 'Write the candidates to a file, for `next --from FILE` (in place of what is there)' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand matches" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l drop -d 'Forget this one, and free its memory' -r
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l passes -d 'The passes of this one' -r
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand scans" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s n -l min -d 'Shortest text, in characters' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s e -l encoding -d 'Which encodings' -r -f -a "ascii\t''
utf16\t''
both\t''"
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -s b -l block -d 'Size of a block, a power of two from 1k to 256M' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l above -d 'Only blocks with so many bits per byte or more (0 to 8)' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l class -d 'Only this class' -r -f -a "zero\t''
fill\t''
sparse\t''
plain\t''
dense\t''"
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l each -d 'A row for each block, instead of one for neighbours of one class'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand entropy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l by -d 'What cells show' -r -f -a "use\t'What memory is used for'
owner\t'The process that maps it (physical memory)'
entropy\t'Bits of entropy per byte'
hits\t'Where the text of --hits stands'"
complete -c memsh -n "__fish_memsh_using_subcommand map" -l hits -d 'Where this text stands, and how often' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -l width -d 'Cells in a line' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -l height -d 'Lines of cells, at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -s o -l output -d 'Draw it into a new PNG file' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand map" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand map" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand map" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand map" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand map" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand map" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand map" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand map" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand map" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -s d -l define -d 'Define a variable of the rules: a number, true, false, or text' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -s t -l tag -d 'Only rules with this tag (may be given again)' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l max -d 'Stop after so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l matches -d 'So many matches of one string in one space' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l timeout -d 'Give a space up after this time (2s, 10min)' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l all -d 'The memory of every process'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l regions -d 'Each region on its own'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l images -d 'Programs and libraries, as the files that they were'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l relaxed -d 'Regular expressions as YARA takes them, not as YARA-X does'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l warnings -d 'Show the compiler\'s warnings'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand yara" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l kind -d 'Only these kinds: pe elf macho regf sqlite pdf zip png jpeg gzip 7z cert key' -r -f -a "pe\t''
elf\t''
macho\t''
regf\t''
sqlite\t''
pdf\t''
zip\t''
png\t''
jpeg\t''
gzip\t''
7z\t''
cert\t''
key\t''"
complete -c memsh -n "__fish_memsh_using_subcommand carve" -s o -l output -d 'Write the files into DIR; what is there is never overwritten' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand carve" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l owner -d 'Of physical memory: whose the page is, as `ptov` knows it'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand carve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l kind -d 'Only these kinds: pe elf macho regf sqlite pdf zip png jpeg gzip 7z cert key' -r -f -a "pe\t''
elf\t''
macho\t''
regf\t''
sqlite\t''
pdf\t''
zip\t''
png\t''
jpeg\t''
gzip\t''
7z\t''
cert\t''
key\t''"
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -s o -l output -d 'Write the files into DIR; what is there is never overwritten' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l owner -d 'Of physical memory: whose the page is, as `ptov` knows it'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand foremost" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l kind -d 'Only these kinds: pe elf macho regf sqlite pdf zip png jpeg gzip 7z cert key' -r -f -a "pe\t''
elf\t''
macho\t''
regf\t''
sqlite\t''
pdf\t''
zip\t''
png\t''
jpeg\t''
gzip\t''
7z\t''
cert\t''
key\t''"
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -s o -l output -d 'Write the files into DIR; what is there is never overwritten' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l owner -d 'Of physical memory: whose the page is, as `ptov` knows it'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand scalpel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l kind -d 'Only these kinds: pe elf macho regf sqlite pdf zip png jpeg gzip 7z cert key' -r -f -a "pe\t''
elf\t''
macho\t''
regf\t''
sqlite\t''
pdf\t''
zip\t''
png\t''
jpeg\t''
gzip\t''
7z\t''
cert\t''
key\t''"
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -s o -l output -d 'Write the files into DIR; what is there is never overwritten' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l owner -d 'Of physical memory: whose the page is, as `ptov` knows it'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand photorec" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l kind -d 'Only these: email url domain ipv4 ipv6 mac card' -r -f -a "email\t''
url\t''
domain\t''
ipv4\t''
ipv6\t''
mac\t''
card\t''"
complete -c memsh -n "__fish_memsh_using_subcommand features" -l top -d 'Only the N most frequent of each kind' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l most -d 'Count so many different values at the most; that there were more is told' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand features" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand features" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand features" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand features" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand features" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand features" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand features" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand features" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l kind -d 'Only these: email url domain ipv4 ipv6 mac card' -r -f -a "email\t''
url\t''
domain\t''
ipv4\t''
ipv6\t''
mac\t''
card\t''"
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l top -d 'Only the N most frequent of each kind' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l most -d 'Count so many different values at the most; that there were more is told' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l all -d 'The memory of every process, each byte once; with -k the kernel\'s too'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l user -d 'Users\' memory: of the process that `proc` chose, else of every process'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand bulk_extractor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -s n -l length -d 'Bytes from ADDR that count: the size of the thing that lies there' -r
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l all -d 'In the kernel and every process'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l unaligned -d 'Pointers at any address too, for packed data'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l code -d 'Only instructions'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l data -d 'Only pointers in data'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand xrefs" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -s n -l length -d 'Bytes from ADDR that count: the size of the thing that lies there' -r
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand xref" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l all -d 'In the kernel and every process'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l unaligned -d 'Pointers at any address too, for packed data'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l code -d 'Only instructions'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l data -d 'Only pointers in data'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand xref" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -s n -l length -d 'Bytes from ADDR that count: the size of the thing that lies there' -r
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand refs" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l all -d 'In the kernel and every process'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l unaligned -d 'Pointers at any address too, for packed data'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l code -d 'Only instructions'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l data -d 'Only pointers in data'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand refs" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l max-length -d 'Bytes of the pattern at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l format -d 'How it is written: memsh (`scan --hex`), ida, code (a string and its mask), yara (a rule)' -r -f -a "memsh\t''
ida\t''
code\t''
yara\t''"
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand sig" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sig" -s m -l module -d 'Unique in its module (or the kernel\'s image) is enough'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand sig" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l max-length -d 'Bytes of the pattern at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l format -d 'How it is written: memsh (`scan --hex`), ida, code (a string and its mask), yara (a rule)' -r -f -a "memsh\t''
ida\t''
code\t''
yara\t''"
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -s m -l module -d 'Unique in its module (or the kernel\'s image) is enough'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand sigmaker" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l max-length -d 'Bytes of the pattern at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l format -d 'How it is written: memsh (`scan --hex`), ida, code (a string and its mask), yara (a rule)' -r -f -a "memsh\t''
ida\t''
code\t''
yara\t''"
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l isa -d 'Instruction set, where it is not the target\'s own' -r -f -a "x86_16\t''
x86\t''
x86_64\t''
aarch64\t''
arm\t''
thumb\t''
riscv32\t''
riscv64\t''"
complete -c memsh -n "__fish_memsh_using_subcommand signature" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand signature" -s m -l module -d 'Unique in its module (or the kernel\'s image) is enough'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand signature" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -s o -l output -d 'Keep the map in this file, for `ptrmap find --from`' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l unaligned -d 'Pointers at any address too, for packed data (takes eight times as long)'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-build" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -s o -l output -d 'Keep the map in this file, for `ptrmap find --from`' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l unaligned -d 'Pointers at any address too, for packed data (takes eight times as long)'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pointer_map" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -s d -l depth -d 'Pointers on a path at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l max-offset -d 'How far behind what a pointer points to the next thing may lie' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l before -d 'How far before it: lists point into what they hold (default: none in a process, as --max-offset in the kernel)' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l module -d 'Only paths that begin in this module' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l max -d 'Show so many paths' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l from -d 'Use the map in this file, of `ptrmap build -o`' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l save -d 'Keep the paths (all of them, up to a million) in this file, for `ptrmap check` on another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l longer -d 'Paths through places that a shorter path has met, too'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l unaligned -d 'Pointers at any address too, for packed data'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-find" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -s d -l depth -d 'Pointers on a path at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l max-offset -d 'How far behind what a pointer points to the next thing may lie' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l before -d 'How far before it: lists point into what they hold (default: none in a process, as --max-offset in the kernel)' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l module -d 'Only paths that begin in this module' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l max -d 'Show so many paths' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l from -d 'Use the map in this file, of `ptrmap build -o`' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l save -d 'Keep the paths (all of them, up to a million) in this file, for `ptrmap check` on another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l longer -d 'Paths through places that a shorter path has met, too'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l unaligned -d 'Pointers at any address too, for packed data'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand pointerscan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -s d -l depth -d 'Pointers on a path at most' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l max-offset -d 'How far behind what a pointer points to the next thing may lie' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l before -d 'How far before it: lists point into what they hold (default: none in a process, as --max-offset in the kernel)' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l module -d 'Only paths that begin in this module' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l max -d 'Show so many paths' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l from -d 'Use the map in this file, of `ptrmap build -o`' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l save -d 'Keep the paths (all of them, up to a million) in this file, for `ptrmap check` on another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l longer -d 'Paths through places that a shorter path has met, too'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l unaligned -d 'Pointers at any address too, for packed data'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand offset_scan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -s a -l address -d 'Only paths that lead to this address here: those that survive' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l save -d 'Keep the paths that survive in this file, for yet another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l broken -d 'Those that lead elsewhere or break, too'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l force -d 'Overwrite the file'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ptrmap-check" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l as -d 'What the values are: b bytes in hex, w d q numbers of 2, 4 and 8 bytes, p pointers, s text, u text in UTF-16' -r -f -a "b\t'Bytes in hex'
w\t'Numbers of 2 bytes'
d\t'Numbers of 4 bytes'
q\t'Numbers of 8 bytes'
p\t'Pointers'
s\t'Text'
u\t'Text in UTF-16'"
complete -c memsh -n "__fish_memsh_using_subcommand write" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand write" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand write" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand write" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand write" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand write" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand write" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand write" -s z -l zero -d 'A zero behind it, as strings end'
complete -c memsh -n "__fish_memsh_using_subcommand write" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand write" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand write" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand write" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand write" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l as -d 'What the values are: b bytes in hex, w d q numbers of 2, 4 and 8 bytes, p pointers, s text, u text in UTF-16' -r -f -a "b\t'Bytes in hex'
w\t'Numbers of 2 bytes'
d\t'Numbers of 4 bytes'
q\t'Numbers of 8 bytes'
p\t'Pointers'
s\t'Text'
u\t'Text in UTF-16'"
complete -c memsh -n "__fish_memsh_using_subcommand fill" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand fill" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand fill" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand undo" -s l -l list -d 'Show what was written in this session and can be taken back'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -s f -l force -d 'Write the old bytes even where something else is there by now'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand undo" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l at -d 'Only the candidate at this address (may be given several times)' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l most -d 'Refuse where there are more candidates than this' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l name -d 'Name of the scan; without one the scan that was used last' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l from -d 'Take the candidates from a file that --save wrote, be it of another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l max-memory -d 'Memory that the candidates may take' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand matches-write" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l every -d 'Look this often whether something else is there: 100ms, 1s' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l for -d 'Stop after this time: 5s, 2m (without it, at Ctrl-C)' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l at -d 'Only the candidate at this address (may be given several times)' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l most -d 'Refuse where there are more candidates than this' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l name -d 'Name of the scan; without one the scan that was used last' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l from -d 'Take the candidates from a file that --save wrote, be it of another image' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l max-memory -d 'Memory that the candidates may take' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand freeze" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -s p -l pid -d 'Of the modules of this process: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -s m -l missing -d 'Only those that are not there'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-need" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand symbols-import" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand near" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand near" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand near" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand near" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand near" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand near" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand near" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand near" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand near" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s r -l recursive -d 'Show the structures inside structures and, at an address, behind pointers; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s o -l offsets -d 'Offsets only, no values'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s r -l recursive -d 'Show the structures inside structures and, at an address, behind pointers; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s o -l offsets -d 'Offsets only, no values'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand union" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand union" -s r -l recursive -d 'Show the structures inside structures and, at an address, behind pointers; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s o -l offsets -d 'Offsets only, no values'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s r -l recursive -d 'Show the structures inside structures and, at an address, behind pointers; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s o -l offsets -d 'Offsets only, no values'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s r -l recursive -d 'Show the structures inside structures and, at an address, behind pointers; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s o -l offsets -d 'Offsets only, no values'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand list" -s o -l offset -d 'The list is linked by a pointer so many bytes into each structure' -r
complete -c memsh -n "__fish_memsh_using_subcommand list" -s s -l fields -d 'Members to show of each structure (`pid,comm,mm.pgd`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand list" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand list" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand list" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand list" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand list" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand list" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand list" -s e -l embedded -d 'ADDR is that of a structure in the list, which has no head of its own'
complete -c memsh -n "__fish_memsh_using_subcommand list" -s H -l head -d 'ADDR is that of the head, as crash writes it: what it is anyway'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand list" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand list" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand list" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand list" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -s o -l offset -d 'The list is linked by a pointer so many bytes into each structure' -r
complete -c memsh -n "__fish_memsh_using_subcommand dl" -s s -l fields -d 'Members to show of each structure (`pid,comm,mm.pgd`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dl" -s e -l embedded -d 'ADDR is that of a structure in the list, which has no head of its own'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -s H -l head -d 'ADDR is that of the head, as crash writes it: what it is anyway'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand dl" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l kind -d 'The kind of tree; without it, red-black where a member was named' -r -f -a "rbtree\t'`rb_root`'
xarray\t'`xarray`'
radix\t'`radix_tree_root`, `idr`'
maple\t'`maple_tree`'"
complete -c memsh -n "__fish_memsh_using_subcommand tree" -s s -l fields -d 'Members to show of each structure (`va_start,va_end`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand tree" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l cpu -d 'Only of this processor' -r
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand percpu" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l cpu -d 'Only of this processor' -r
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand per_cpu" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand eval" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand eval" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand calc" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand calc" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l kind -d 'Only this kind: connector, os, command' -r -f -a "connector\t''
os\t''
command\t''"
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l kind -d 'Only this kind: connector, os, command' -r -f -a "connector\t''
os\t''
command\t''"
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugin" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-info" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-targets" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l no-load -d 'Do not load it'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l index -d 'Index to look SOURCE up in: a folder, a file or a URL' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l version -d 'This version, instead of the newest' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l to -d 'Folder of plugins [default: the user\'s own]' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l channel -d 'Of an index: releases that count' -r -f -a "stable\t''
dev\t''"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l key -d 'Public key (ed25519, 64 hexadecimal digits) whose signature is believed, or a file of such keys; may be given several times. Those in ~/.config/memsh/plugin-keys are believed, too' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l unsigned -d 'Take what an index has without a signature that could be checked'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -s y -l yes -d 'Run install scripts without asking'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-install" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l to -d 'Folder of plugins [default: the user\'s own]' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l channel -d 'Of an index: releases that count' -r -f -a "stable\t''
dev\t''"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l key -d 'Public key (ed25519, 64 hexadecimal digits) whose signature is believed, or a file of such keys; may be given several times. Those in ~/.config/memsh/plugin-keys are believed, too' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l unsigned -d 'Take what an index has without a signature that could be checked'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -s y -l yes -d 'Run install scripts without asking'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-upgrade" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l to -d 'Folder of plugins [default: the user\'s own]' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-remove" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l kind -d 'What it is to be' -r -f -a "connector\t''
os\t''
command\t''"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l language -d 'What it is written in' -r -f -a "rust\t''
c\t''
cpp\t''"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l api -d 'Folder of the crate memsh-plugin (plugin-api in memsh\'s repository) [default: the version of this memsh on crates.io]' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l to -d 'Folder to write [default: NAME]' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand plugins-new" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand run" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand run" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand run" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand run" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand run" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand run" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand run" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand run" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand run" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand check" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand check" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand check" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand check" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand check" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand check" -l update -d 'Write the answers of today into the file; a file that does not exist gets info, ps and modules'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand check" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand check" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand check" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -s C -l connector -d 'The other target by its connector (repeatable, as in `memsh -C`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -s O -l os -d 'OS layer on the other target\'s connector' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -s p -l pid -d 'Compare the memory of these processes, by their virtual addresses, and their regions; not all of physical memory' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l only -d 'What to compare: processes, modules, maps, pages (maps need -p; all where nothing is said)' -r -f -a "processes\t''
modules\t''
maps\t''
pages\t''"
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l max -d 'At most so many rows of pages, and of bytes' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand diff" -s b -l bytes -d 'What changed inside of pages, too: offsets, old and new bytes'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand diff" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -s C -l connector -d 'The other target by its connector (repeatable, as in `memsh -C`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -s O -l os -d 'OS layer on the other target\'s connector' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -s p -l pid -d 'Compare the memory of these processes, by their virtual addresses, and their regions; not all of physical memory' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l only -d 'What to compare: processes, modules, maps, pages (maps need -p; all where nothing is said)' -r -f -a "processes\t''
modules\t''
maps\t''
pages\t''"
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l max -d 'At most so many rows of pages, and of bytes' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand compare" -s b -l bytes -d 'What changed inside of pages, too: offsets, old and new bytes'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand compare" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand version" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand version" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand version" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand version" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand version" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand version" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand version" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand version" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand version" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand version" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand report" -s o -l output -d 'The folder, a new or empty one' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand report" -l only -d 'Only these sections (`malfind,ps,timeline`; several with commas)' -r
complete -c memsh -n "__fish_memsh_using_subcommand report" -l case -d 'The case, for the head of the page' -r
complete -c memsh -n "__fish_memsh_using_subcommand report" -l examiner -d 'Who makes the report, for the head of the page' -r
complete -c memsh -n "__fish_memsh_using_subcommand report" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand report" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand report" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand report" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand report" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand report" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand report" -l force -d 'Overwrite the files of an earlier report in it'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand report" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand report" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand report" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand report" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l from -d 'Only from this moment on: `2024-05-01`, `2024-05-01T13:00`, UTC' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l to -d 'Only before this moment' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l only -d 'Only events of this kind: system, process, file, bpf, module, network, registry, service, log, shell (several with commas)' -r -f -a "system\t'The machine'
process\t'A process'
file\t'A file'
bpf\t'An eBPF program'
module\t'A module or driver of the kernel'
network\t'A connection'
registry\t'A key or a hive of the registry'
service\t'A service'
log\t'A line of a log'
shell\t'A line that somebody typed'"
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l max -d 'At most so many events are kept; which is said where it happens' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand timeline" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l from -d 'Only from this moment on: `2024-05-01`, `2024-05-01T13:00`, UTC' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l to -d 'Only before this moment' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l only -d 'Only events of this kind: system, process, file, bpf, module, network, registry, service, log, shell (several with commas)' -r -f -a "system\t'The machine'
process\t'A process'
file\t'A file'
bpf\t'An eBPF program'
module\t'A module or driver of the kernel'
network\t'A connection'
registry\t'A key or a hive of the registry'
service\t'A service'
log\t'A line of a log'
shell\t'A line that somebody typed'"
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l max -d 'At most so many events are kept; which is said where it happens' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand timeliner" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l head -d 'A hash that was noted: 64 hex digits' -r
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l where -d 'Only the rows for which this holds, as in: uid == 0 and name ~ "ssh"' -r
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l sort -d 'Sort the rows by these; -KEY: the largest first' -r
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l limit -d 'At most so many rows' -r
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l parquet -d 'A Parquet file, for | and >'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -l no-pager -d 'Long answers stay out of the pager'
complete -c memsh -n "__fish_memsh_using_subcommand log-verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c memsh -n "__fish_memsh_using_subcommand schema" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand completions" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand man" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand help" -s h -l help -d 'Print help'
