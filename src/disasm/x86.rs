//! x86, by iced-x86.

use super::{Decoded, Flow, Instruction, Isa, Reference, Syntax};
use iced_x86::{Decoder, DecoderOptions, Formatter, GasFormatter, IntelFormatter, Mnemonic, OpKind, Register};

/// Both ways of writing; the one that was chosen is used.
pub struct Formatters {
    chosen: Box<dyn Formatter>,
}

impl Formatters {
    /// For a syntax, in the spelling of objdump: lower case, `0x1f`, `[rip+0x10]`.
    pub fn new(syntax: Syntax) -> Self {
        let mut chosen: Box<dyn Formatter> = match syntax {
            Syntax::Intel => Box::new(IntelFormatter::new()),
            Syntax::Att => Box::new(GasFormatter::new()),
        };
        let o = chosen.options_mut();
        o.set_hex_prefix("0x");
        o.set_hex_suffix("");
        o.set_uppercase_hex(false);
        o.set_small_hex_numbers_in_decimal(false);
        o.set_add_leading_zero_to_hex_numbers(false);
        o.set_branch_leading_zeros(false);
        o.set_rip_relative_addresses(true);
        o.set_show_branch_size(false);
        o.set_signed_immediate_operands(false);
        Self { chosen }
    }
}

/// One instruction.
pub fn decode(isa: Isa, formatters: &mut Formatters, address: u64, bytes: &[u8]) -> Decoded {
    let Some(bytes) = bytes.get(..bytes.len().min(isa.longest())).filter(|b| !b.is_empty()) else { return Decoded::Short };
    let mut decoder = Decoder::with_ip(isa.bits(), bytes, address, DecoderOptions::NONE);
    let one = decoder.decode();
    if one.is_invalid() {
        return match decoder.last_error() {
            iced_x86::DecoderError::NoMoreBytes if bytes.len() < isa.longest() => Decoded::Short,
            _ => Decoded::Bad(isa.step()),
        };
    }
    let mut text = String::new();
    formatters.chosen.format(&one, &mut text);
    let flow = flow(&one);
    Decoded::Instruction(Instruction { len: one.len(), text, flow, target: target(isa, &one) })
}

/// What comes after. A breakpoint (`int3`) may be a debugger's, or the kernel's own while it patches: execution goes on behind it.
fn flow(one: &iced_x86::Instruction) -> Flow {
    use Mnemonic::*;
    match one.mnemonic() {
        Call => Flow::Call,
        Jmp | Jmpe => Flow::Jump,
        Ja | Jae | Jb | Jbe | Je | Jne | Jg | Jge | Jl | Jle | Jo | Jno | Jp | Jnp | Js | Jns => Flow::Branch,
        Jcxz | Jecxz | Jrcxz | Loop | Loope | Loopne | Xbegin => Flow::Branch,
        Ret | Retf | Iret | Iretd | Iretq | Sysret | Sysretq | Sysexit | Sysexitq | Uiret => Flow::Return,
        Ud0 | Ud1 | Ud2 => Flow::Stop,
        _ => Flow::Next,
    }
}

fn target(isa: Isa, one: &iced_x86::Instruction) -> Option<(u64, Reference)> {
    let kinds = (0..one.op_count()).map(|i| one.op_kind(i));
    for kind in kinds {
        match kind {
            OpKind::NearBranch16 | OpKind::NearBranch32 | OpKind::NearBranch64 => {
                return Some((one.near_branch_target(), Reference::Code));
            }
            OpKind::Memory => {
                let segment = matches!(one.segment_prefix(), Register::FS | Register::GS);
                let how = if segment { Reference::Segment } else { Reference::Data };
                if one.is_ip_rel_memory_operand() {
                    return Some((one.ip_rel_memory_address(), how));
                }
                if one.memory_base() == Register::None && one.memory_index() == Register::None && isa != Isa::X86_16 {
                    return Some((one.memory_displacement64(), how));
                }
            }
            OpKind::Immediate64 | OpKind::Immediate32to64 if isa == Isa::X86_64 => {
                let value = match kind {
                    OpKind::Immediate64 => one.immediate64(),
                    _ => one.immediate32to64().cast_unsigned(),
                };
                return Some((value, Reference::Number));
            }
            _ => {}
        }
    }
    // A table of pointers: `jmp [rax*8-0x7dffe000]`.
    let table = one.memory_index() != Register::None && one.memory_base() == Register::None;
    (table && isa == Isa::X86_64 && one.memory_displ_size() == 8).then(|| (one.memory_displacement64(), Reference::Number))
}
