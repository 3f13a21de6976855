//! What a QEMU's command line says of the machine that it runs.

use super::options::{Properties, size};
use std::path::PathBuf;

/// Options that take no value (qemu-options.hx): of any other the next word is its value, unless that begins with a dash.
const SWITCHES: &[&str] = &[
    "S",
    "s",
    "alt-grab",
    "ctrl-grab",
    "curses",
    "daemonize",
    "enable-fips",
    "enable-kvm",
    "enable-sync-profile",
    "full-screen",
    "h",
    "help",
    "mem-prealloc",
    "no-acpi",
    "no-fd-bootchk",
    "no-frame",
    "no-hpet",
    "no-kvm",
    "no-kvm-irqchip",
    "no-kvm-pit",
    "no-quit",
    "no-reboot",
    "no-shutdown",
    "no-user-config",
    "nodefaults",
    "nodefconfig",
    "nographic",
    "nouserconfig",
    "old-param",
    "only-migratable",
    "portrait",
    "preconfig",
    "rtc-td-hack",
    "sdl",
    "semihosting",
    "singlestep",
    "snapshot",
    "usb",
    "version",
    "win2k-hack",
    "xen-attach",
    "xen-domid-restrict",
];

/// Options whose value is taken whatever it begins with.
const VALUED: &[&str] = &[
    "M",
    "accel",
    "append",
    "chardev",
    "cpu",
    "device",
    "kernel",
    "m",
    "machine",
    "mem-path",
    "mon",
    "monitor",
    "name",
    "numa",
    "object",
    "qmp",
    "qmp-pretty",
    "readconfig",
    "smp",
    "uuid",
];

const MIB: u64 = 1 << 20;
/// `machine_class_base_init` and each machine's `default_ram_size`: 128 MiB for all machines whose map is known here.
const DEFAULT_RAM: u64 = 128 * MIB;
/// `qemu_ram` rounds `-m` up to this (`set_memory_options`, softmmu/vl.c).
const RAM_ALIGN: u64 = 8192;

/// Where a monitor listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// A unix socket.
    Unix(PathBuf),
    /// Host and port.
    Tcp(String),
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// How much memory, and whether there may come more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ram {
    /// Bytes that the machine starts with.
    pub size: u64,
    /// Whether `-m` said so.
    pub given: bool,
    /// Bytes that it may grow to.
    pub most: Option<u64>,
}

/// A command line, as far as it matters here.
#[derive(Clone, Debug, Default)]
pub(super) struct CommandLine {
    /// The program's file name: `qemu-system-x86_64`.
    pub program: String,
    /// `-name`.
    pub name: Option<String>,
    /// `-uuid`, in lower case.
    pub uuid: Option<String>,
    /// `-machine`, its type under `type`.
    pub machine: Properties,
    /// `-cpu`, its model.
    pub cpu: Option<String>,
    /// Accelerators in the order in which they are tried.
    pub accel: Vec<String>,
    /// `-m`.
    pub memory: Properties,
    /// `-object`.
    pub objects: Vec<Properties>,
    /// `-numa`.
    pub numa: Vec<Properties>,
    /// `-device`.
    pub devices: Vec<Properties>,
    /// `-mem-path`.
    pub mem_path: Option<String>,
    /// QMP monitors that can be connected to.
    pub monitors: Vec<Address>,
    /// Whether part of the configuration lies in a file.
    pub readconfig: bool,
}

/// The file name of a path of either system, without `.exe`.
pub(super) fn file_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".exe").unwrap_or(name)
}

/// Whether a program of this name runs machines.
pub(super) fn is_qemu(name: &str) -> bool {
    name.starts_with("qemu-system-") || matches!(name, "qemu-kvm" | "kvm" | "qemu")
}

impl CommandLine {
    /// Reads the arguments of a QEMU, the program's name first.
    pub(super) fn parse(arguments: &[String]) -> Self {
        let mut out = Self { program: file_name(arguments.first().map_or("", String::as_str)).to_owned(), ..Self::default() };
        let mut chardevs: Vec<Properties> = Vec::new();
        let mut monitors: Vec<Properties> = Vec::new();
        let mut rest = arguments.iter().skip(1).peekable();
        while let Some(word) = rest.next() {
            let Some(option) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else { continue };
            match option {
                "enable-kvm" => out.accel.push("kvm".to_owned()),
                "readconfig" => out.readconfig = true,
                _ => {}
            }
            if SWITCHES.contains(&option) || (!VALUED.contains(&option) && rest.peek().is_some_and(|next| next.starts_with('-')))
            {
                continue;
            }
            let Some(value) = rest.next() else { break };
            out.option(option, value, &mut chardevs, &mut monitors);
        }
        let machine = out.machine.get("accel").map(|a| a.split(':').map(str::to_owned).collect::<Vec<_>>());
        out.accel.extend(machine.unwrap_or_default());
        for monitor in monitors.iter().filter(|m| m.get("mode") == Some("control")) {
            let device = chardevs.iter().find(|c| c.get("id").is_some() && c.get("id") == monitor.get("chardev"));
            out.monitors.extend(device.and_then(of_chardev));
        }
        out
    }

    fn option(&mut self, option: &str, value: &str, chardevs: &mut Vec<Properties>, monitors: &mut Vec<Properties>) {
        match option {
            "name" => self.name = Properties::parse(value, "guest").get("guest").map(str::to_owned).or(self.name.take()),
            "uuid" => self.uuid = Some(value.to_ascii_lowercase()),
            "machine" | "M" => self.machine.extend(Properties::parse(value, "type")),
            "accel" => self.accel.extend(Properties::parse(value, "accel").get("accel").map(str::to_owned)),
            "cpu" => self.cpu = Properties::parse(value, "model").get("model").map(str::to_owned),
            "m" => self.memory.extend(Properties::parse(value, "size")),
            "object" => self.objects.push(Properties::parse(value, "qom-type")),
            "numa" => self.numa.push(Properties::parse(value, "type")),
            "device" => self.devices.push(Properties::parse(value, "driver")),
            "mem-path" => self.mem_path = Some(value.to_owned()),
            "chardev" => chardevs.push(Properties::parse(value, "backend")),
            "mon" => monitors.push(Properties::parse(value, "chardev")),
            "qmp" | "qmp-pretty" => match value.strip_prefix("chardev:") {
                Some(id) => monitors.push(Properties::parse(&format!("chardev={id},mode=control"), "")),
                None => self.monitors.extend(of_shorthand(value)),
            },
            _ => {}
        }
    }

    /// The machine type, as written.
    pub(super) fn machine_type(&self) -> Option<&str> {
        self.machine.get("type")
    }

    /// How much memory the machine has; none where `-m` makes no sense.
    pub(super) fn ram(&self) -> Option<Ram> {
        let backend = self.machine.get("memory-backend").and_then(|id| self.object(id)).and_then(|o| o.size("size", 1));
        let written = self.memory.get("size").or_else(|| self.machine.get("memory.size"));
        let unit = if self.memory.get("size").is_some() { MIB } else { 1 };
        let size = match (written, backend) {
            // Zero means the default too.
            (Some(text), backend) => match size(text, unit)? {
                0 => backend.unwrap_or(DEFAULT_RAM),
                n => n.checked_next_multiple_of(RAM_ALIGN)?,
            },
            (None, Some(size)) => size,
            (None, None) => DEFAULT_RAM,
        };
        let most = self.memory.size("maxmem", 1).or_else(|| self.machine.size("memory.max-size", 1));
        Some(Ram { size, given: written.is_some() || backend.is_some(), most })
    }

    /// The object with this id.
    pub(super) fn object(&self, id: &str) -> Option<&Properties> {
        self.objects.iter().find(|o| o.get("id") == Some(id))
    }
}

/// Where a character device listens.
fn of_chardev(device: &Properties) -> Option<Address> {
    if device.get("backend") != Some("socket") || !device.on("server") || device.on("abstract") || waits(device) {
        return None;
    }
    match (device.get("path"), device.get("port")) {
        (Some(path), _) => Some(Address::Unix(path.into())),
        (None, Some(port)) => Some(tcp(device.get("host").unwrap_or_default(), port)),
        // A descriptor that was handed over: nobody else can find the socket.
        _ => None,
    }
}

/// Whether the machine does not start before somebody has connected: then it is not for a visitor to be the one.
fn waits(device: &Properties) -> bool {
    !matches!(device.get("wait"), Some("off" | "no" | "false" | "n"))
}

/// `unix:PATH,server=on` or `tcp:HOST:PORT,server`.
fn of_shorthand(value: &str) -> Option<Address> {
    let written = Properties::parse(value, "address");
    if !written.on("server") || waits(&written) {
        return None;
    }
    let (kind, place) = written.get("address")?.split_once(':')?;
    match kind {
        "unix" => Some(Address::Unix(place.into())),
        "tcp" | "telnet" => {
            let (host, port) = place.rsplit_once(':')?;
            Some(tcp(host, port))
        }
        _ => None,
    }
}

/// No host means all addresses of this machine, of which the loopback's is one.
fn tcp(host: &str, port: &str) -> Address {
    let host = match host.trim_matches(['[', ']']) {
        "" | "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    };
    Address::Tcp(if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn line(text: &str) -> CommandLine {
        CommandLine::parse(&text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    /// As libvirt 10 starts a guest.
    const LIBVIRT: &str = r#"/usr/bin/qemu-system-x86_64 -name guest=debian12,debug-threads=on -S -object {"qom-type":"secret","id":"masterKey0","format":"raw","file":"/var/lib/libvirt/qemu/domain-1-debian12/master-key.aes"} -machine pc-q35-8.2,usb=off,vmport=off,dump-guest-core=off,memory-backend=pc.ram,hpet=off,acpi=on -accel kvm -cpu host,migratable=on -m size=4194304k -object {"qom-type":"memory-backend-ram","id":"pc.ram","size":4294967296} -overcommit mem-lock=off -smp 2,sockets=2,cores=1,threads=1 -uuid 6F0A2D1E-8C5B-4E1F-9B1A-0D6E0C1F2A3B -no-user-config -nodefaults -chardev socket,id=charmonitor,fd=31,server=on,wait=off -mon chardev=charmonitor,id=monitor,mode=control -rtc base=utc,driftfix=slew -no-shutdown -boot strict=on -device {"driver":"pcie-root-port","port":16,"chassis":1,"id":"pci.1"} -msg timestamp=on"#;

    #[test]
    fn libvirt() {
        let c = line(LIBVIRT);
        assert_eq!((c.program.as_str(), c.name.as_deref()), ("qemu-system-x86_64", Some("debian12")));
        assert_eq!(c.uuid.as_deref(), Some("6f0a2d1e-8c5b-4e1f-9b1a-0d6e0c1f2a3b"));
        assert_eq!((c.machine_type(), c.accel.as_slice()), (Some("pc-q35-8.2"), &["kvm".to_owned()][..]));
        assert_eq!(c.ram(), Some(Ram { size: 4 << 30, given: true, most: None }));
        assert_eq!(c.object("pc.ram").unwrap().get("qom-type"), Some("memory-backend-ram"));
        // The socket is a descriptor.
        assert_eq!(c.monitors, []);
    }

    #[test]
    fn proxmox() {
        let c = line(
            "/usr/bin/kvm -id 100 -name web,debug-threads=on -no-shutdown -chardev socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off -mon chardev=qmp,mode=control -chardev socket,id=qmp-event,path=/var/run/qmeventd.sock,reconnect=5 -mon chardev=qmp-event,mode=control -pidfile /var/run/qemu-server/100.pid -daemonize -smp 4 -nodefaults -m 2048 -machine type=pc+pve0",
        );
        assert_eq!((c.name.as_deref(), c.machine_type()), (Some("web"), Some("pc+pve0")));
        assert_eq!(c.monitors, [Address::Unix("/var/run/qemu-server/100.qmp".into())]);
        assert_eq!(c.ram().unwrap().size, 2 << 30);
    }

    #[test]
    fn by_hand() {
        let c = line(
            "qemu-system-aarch64 -M virt,gic-version=3 -accel tcg,thread=multi -cpu max -m 1G,slots=4,maxmem=8G -s -S -qmp tcp:localhost:4444,server,nowait --nographic -enable-kvm",
        );
        assert_eq!((c.machine_type(), c.ram()), (Some("virt"), Some(Ram { size: 1 << 30, given: true, most: Some(8 << 30) })));
        assert_eq!(c.monitors, [Address::Tcp("localhost:4444".to_owned())]);
        assert_eq!(c.accel, ["tcg", "kvm"]);
        let c = line("/usr/libexec/qemu-kvm -machine accel=kvm:tcg -machine q35 -qmp unix:/run/a,,b,server=on,wait=off -m 300");
        assert_eq!((c.machine_type(), c.accel.len()), (Some("q35"), 2));
        assert_eq!((c.monitors, c.memory.get("size")), (vec![Address::Unix("/run/a,b".into())], Some("300")));
    }

    #[test]
    fn what_is_not_given_is_the_default() {
        let c = line("qemu-system-x86_64 -append -m -snapshot -unknown -m 64");
        assert_eq!(c.ram().unwrap().size, 64 << 20);
        let c = line("qemu-system-x86_64 -nographic");
        assert_eq!(c.ram(), Some(Ram { size: 128 << 20, given: false, most: None }));
        assert_eq!(line("qemu-system-x86_64 -m lots").ram(), None);
        assert_eq!(line("qemu-system-x86_64 -qmp unix:/x,server=on").monitors, []);
        // A client of somebody else's socket is not a monitor that can be connected to.
        assert_eq!(line("qemu-system-x86_64 -qmp unix:/x").monitors, []);
        assert_eq!(CommandLine::parse(&[]).program, "");
    }

    #[test]
    fn names_of_programs() {
        assert!(
            is_qemu(file_name("C:\\Program Files\\qemu\\qemu-system-x86_64.exe")) && is_qemu(file_name("/usr/libexec/qemu-kvm"))
        );
        assert!(!is_qemu("qemu-img") && !is_qemu("qemu-x86_64") && !is_qemu("qemu-nbd") && !is_qemu("virtqemud"));
    }
}
