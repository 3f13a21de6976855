# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_memsh_global_optspecs
    string join \n c/command= script= json jsonl csv table columns= no-header color= q/quiet v/verbose progress= strict arch= dtb= kernel-base= symbols= no-cache format= base= swap= pagefile= sidecar= write C/connector= O/os= h/help V/version
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
complete -c memsh -n "__fish_memsh_needs_command" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_needs_command" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_needs_command" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_needs_command" -l arch -d 'Architecture: x86, x86_pae, x86_64, aarch64, riscv64' -r
complete -c memsh -n "__fish_memsh_needs_command" -l dtb -d 'Physical address of the kernel\'s page-table root' -r
complete -c memsh -n "__fish_memsh_needs_command" -l kernel-base -d 'Where the kernel lies' -r
complete -c memsh -n "__fish_memsh_needs_command" -l symbols -d 'File or folder with symbols and types; may be given several times' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l format -d 'Skip detection of the image\'s format: raw, elf, lime, padded' -r
complete -c memsh -n "__fish_memsh_needs_command" -l base -d 'Physical address of a raw image\'s first byte' -r
complete -c memsh -n "__fish_memsh_needs_command" -l swap -d 'Swap area of the machine (not supported yet)' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l pagefile -d 'Page file of the machine (not supported yet)' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -l sidecar -d 'File that belongs to the image (not supported yet)' -r -F
complete -c memsh -n "__fish_memsh_needs_command" -s C -l connector -d 'Connector to a target, instead of an image: NAME or NAME:ARGS' -r
complete -c memsh -n "__fish_memsh_needs_command" -s O -l os -d 'OS layer on the connector before it (not supported yet)' -r
complete -c memsh -n "__fish_memsh_needs_command" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_needs_command" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_needs_command" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_needs_command" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_needs_command" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_needs_command" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_needs_command" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_needs_command" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_needs_command" -l no-cache -d 'Neither read nor write caches'
complete -c memsh -n "__fish_memsh_needs_command" -l write -d 'Allow writes to a live target (not supported yet)'
complete -c memsh -n "__fish_memsh_needs_command" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_needs_command" -s V -l version -d 'Print version'
complete -c memsh -n "__fish_memsh_needs_command" -a "info" -d 'Show what the image is: format, architecture, operating system, and how they were found'
complete -c memsh -n "__fish_memsh_needs_command" -a "sys" -d 'Show what the image is: format, architecture, operating system, and how they were found'
complete -c memsh -n "__fish_memsh_needs_command" -a "vertarget" -d 'Show what the image is: format, architecture, operating system, and how they were found'
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
complete -c memsh -n "__fish_memsh_needs_command" -a "modules" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "lm" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "lsmod" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "mod" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "dlllist" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "ldrmodules" -d 'List modules of the kernel, or of a process'
complete -c memsh -n "__fish_memsh_needs_command" -a "maps" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vmmap" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vad" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vadinfo" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vm" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "address" -d 'List the regions of a process\'s address space'
complete -c memsh -n "__fish_memsh_needs_command" -a "vtop" -d 'Translate a virtual address to a physical one and show every step of the walk'
complete -c memsh -n "__fish_memsh_needs_command" -a "pte" -d 'Translate a virtual address to a physical one and show every step of the walk'
complete -c memsh -n "__fish_memsh_needs_command" -a "ptov" -d 'List every mapping of a physical address, in the kernel and in every process'
complete -c memsh -n "__fish_memsh_needs_command" -a "pages" -d 'List what an address space maps, as runs of neighbouring pages'
complete -c memsh -n "__fish_memsh_needs_command" -a "memmap" -d 'List what an address space maps, as runs of neighbouring pages'
complete -c memsh -n "__fish_memsh_needs_command" -a "read" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "x" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "rd" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "hexdump" -d 'Read memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "scan" -d 'Search memory for text, bytes or a regular expression'
complete -c memsh -n "__fish_memsh_needs_command" -a "search" -d 'Search memory for text, bytes or a regular expression'
complete -c memsh -n "__fish_memsh_needs_command" -a "s" -d 'Search memory for text, bytes or a regular expression'
complete -c memsh -n "__fish_memsh_needs_command" -a "strings" -d 'List printable text in memory'
complete -c memsh -n "__fish_memsh_needs_command" -a "dump" -d 'Write memory into a file'
complete -c memsh -n "__fish_memsh_needs_command" -a "symbols" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "sym" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "kallsyms" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "nm" -d 'List symbols of the kernel and its modules'
complete -c memsh -n "__fish_memsh_needs_command" -a "near" -d 'Show which symbol an address belongs to'
complete -c memsh -n "__fish_memsh_needs_command" -a "ln" -d 'Show which symbol an address belongs to'
complete -c memsh -n "__fish_memsh_needs_command" -a "dt" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "struct" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "union" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "whatis" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "ptype" -d 'Show the layout of a type and, at an address, its values'
complete -c memsh -n "__fish_memsh_needs_command" -a "hash" -d 'Compute the SHA-256 of the image file'
complete -c memsh -n "__fish_memsh_needs_command" -a "sha256" -d 'Compute the SHA-256 of the image file'
complete -c memsh -n "__fish_memsh_needs_command" -a "check" -d 'Run the commands in a file and compare their answers with those in it'
complete -c memsh -n "__fish_memsh_needs_command" -a "schema" -d 'Print the JSON Schema of a command\'s answer, or of all of them'
complete -c memsh -n "__fish_memsh_needs_command" -a "completions" -d 'Print completions for a shell'
complete -c memsh -n "__fish_memsh_needs_command" -a "man" -d 'Print the man page'
complete -c memsh -n "__fish_memsh_needs_command" -a "help" -d 'Explain a command'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand info" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand info" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand info" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand info" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand info" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand info" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand info" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sys" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vertarget" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s t -l tree -d 'Children below their parents (the table draws the branches)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s u -l user -d 'Only processes of users, no threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s k -l kernel -d 'Only threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ps" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s t -l tree -d 'Children below their parents (the table draws the branches)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s u -l user -d 'Only processes of users, no threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s k -l kernel -d 'Only threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pslist" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s t -l tree -d 'Children below their parents (the table draws the branches)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s u -l user -d 'Only processes of users, no threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s k -l kernel -d 'Only threads of the kernel'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand tasks" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand threads" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand thrdscan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdline" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand psaux" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand cmdlines" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand env" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand env" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand env" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand env" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand env" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand env" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand envars" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s p -l pid -d 'Only this process: a pid or a name' -r
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand environ" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand modules" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand lm" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand lsmod" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand mod" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dlllist" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ldrmodules" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand maps" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vmmap" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vad" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vadinfo" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vm" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand address" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand address" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand address" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand address" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l batch -d 'Translate every address in this file (one per line, `#` comments; `-` is stdin): one row each' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand vtop" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l batch -d 'Translate every address in this file (one per line, `#` comments; `-` is stdin): one row each' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pte" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ptov" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand pages" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand memmap" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l as -d 'How the dump shows them: bytes, words of 2, 4 or 8 bytes, pointers with their symbols, a string' -r -f -a "b\t''
w\t''
d\t''
q\t''
p\t''
s\t''"
complete -c memsh -n "__fish_memsh_using_subcommand read" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand read" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand read" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand read" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand read" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand read" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l as -d 'How the dump shows them: bytes, words of 2, 4 or 8 bytes, pointers with their symbols, a string' -r -f -a "b\t''
w\t''
d\t''
q\t''
p\t''
s\t''"
complete -c memsh -n "__fish_memsh_using_subcommand x" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand x" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand x" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand x" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand x" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand x" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l as -d 'How the dump shows them: bytes, words of 2, 4 or 8 bytes, pointers with their symbols, a string' -r -f -a "b\t''
w\t''
d\t''
q\t''
p\t''
s\t''"
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand rd" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s n -l length -d 'Bytes to read (`64`, `0x100`, `4k`)' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l count -d 'Units to read' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l as -d 'How the dump shows them: bytes, words of 2, 4 or 8 bytes, pointers with their symbols, a string' -r -f -a "b\t''
w\t''
d\t''
q\t''
p\t''
s\t''"
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l raw -d 'Write the bytes themselves to stdout (unreadable ones as zeros)'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hexdump" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s u -l utf16 -d 'As UTF-16 (little-endian) text'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s x -l hex -d 'PATTERN is bytes in hex, `?` for a digit that does not matter: `4d 5a ?? 00`'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s e -l regex -d 'PATTERN is a regular expression over bytes'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s i -l ignore-case -d 'Upper and lower case are the same'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l all -d 'The memory of every process'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand scan" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand search" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand search" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand search" -s u -l utf16 -d 'As UTF-16 (little-endian) text'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s x -l hex -d 'PATTERN is bytes in hex, `?` for a digit that does not matter: `4d 5a ?? 00`'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s e -l regex -d 'PATTERN is a regular expression over bytes'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s i -l ignore-case -d 'Upper and lower case are the same'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l all -d 'The memory of every process'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand search" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand search" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand s" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand s" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand s" -s u -l utf16 -d 'As UTF-16 (little-endian) text'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s x -l hex -d 'PATTERN is bytes in hex, `?` for a digit that does not matter: `4d 5a ?? 00`'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s e -l regex -d 'PATTERN is a regular expression over bytes'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s i -l ignore-case -d 'Upper and lower case are the same'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l all -d 'The memory of every process'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand s" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand s" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s n -l min -d 'Shortest text, in characters' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s e -l encoding -d 'Which encodings' -r -f -a "ascii\t''
utf16\t''
both\t''"
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l range -d 'Only from START to before END (or a count: L1000)' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l max -d 'Stop after so many' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l all -d 'The memory of every process'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand strings" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s n -l length -d 'Bytes from the address that WHAT names; a number or an expression, `4k`' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s o -l output -d 'The file to write; one that exists is left alone' -r -F
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l format -d 'raw bytes (unreadable ones as zeros), an ELF core or LiME; default: elf for a process, else raw' -r -f -a "raw\t''
elf\t''
lime\t''"
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dump" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand symbols" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sym" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand kallsyms" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand nm" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand near" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand near" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand near" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand near" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand near" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand near" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand near" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ln" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s r -l recursive -d 'Show the structures inside structures; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand dt" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s r -l recursive -d 'Show the structures inside structures; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand struct" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand union" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand union" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand union" -s r -l recursive -d 'Show the structures inside structures; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand union" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand union" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s r -l recursive -d 'Show the structures inside structures; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand whatis" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l depth -d 'As many levels of them' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s p -l pid -d 'Process whose addresses are meant: a pid, or a name that only one process has' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s r -l recursive -d 'Show the structures inside structures; given twice, two levels of them'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s k -l kernel -d 'The kernel\'s addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l phys -d 'Physical addresses'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand ptype" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand hash" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l columns -d 'Only these columns, in this order' -r
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l color -d 'Colours: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l progress -d 'Progress bars: auto (on a terminal), always, never' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l json -d 'One JSON value per command'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l jsonl -d 'A JSON object per line, as found'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l csv -d 'Comma-separated values'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand sha256" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l columns -d 'Only these columns, in this order' -r
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
complete -c memsh -n "__fish_memsh_using_subcommand check" -l table -d 'Tables and words (the default)'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l no-header -d 'No line of column names'
complete -c memsh -n "__fish_memsh_using_subcommand check" -s q -l quiet -d 'No warnings and no progress'
complete -c memsh -n "__fish_memsh_using_subcommand check" -s v -l verbose -d 'Say what is being done, on stderr; twice: in detail'
complete -c memsh -n "__fish_memsh_using_subcommand check" -l strict -d 'A partial answer is a failure (exit status 4)'
complete -c memsh -n "__fish_memsh_using_subcommand check" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand schema" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand completions" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand man" -s h -l help -d 'Print help'
complete -c memsh -n "__fish_memsh_using_subcommand help" -s h -l help -d 'Print help'
