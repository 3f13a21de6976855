//! RISC-V instructions of 32 bits: the bits that make each one what it is, and how its operands are written.
//!
//! From the RISC-V Unprivileged and Privileged Specifications, chapter "RV32/64G Instruction Set Listings", and the
//! extensions Zba, Zbb and Zbs.

/// How an instruction's operands are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// None.
    Bare,
    /// `rd, rs1, rs2`
    R,
    /// `rd, rs1`
    R2,
    /// `rd, rs1, imm`
    I,
    /// `rd, rs1, shamt` of 6 bits
    Shift,
    /// `rd, rs1, shamt` of 5 bits
    ShiftW,
    /// `rd, imm(rs1)`
    Load,
    /// `rs2, imm(rs1)`
    Store,
    /// `rs1, rs2, target`
    Branch,
    /// `rd, imm`
    Upper,
    /// `rd, target`
    Jump,
    /// `rd, imm(rs1)` of `jalr`
    JumpRegister,
    /// `rd, csr, rs1`
    Csr,
    /// `rd, csr, imm`
    CsrImmediate,
    /// `rd, rs2, (rs1)`
    Amo,
    /// `rd, (rs1)`
    Reserved,
    /// `pred, succ`
    Fence,
    /// `rs1, rs2`
    Two,
    /// `fd, imm(rs1)`
    FloatLoad,
    /// `fs2, imm(rs1)`
    FloatStore,
    /// `fd, fs1, fs2`
    F,
    /// `fd, fs1, fs2, rounding`
    FRound,
    /// `fd, fs1, rounding`
    F2Round,
    /// `fd, fs1, fs2, fs3, rounding`
    F4,
    /// `rd, fs1, fs2`
    FCompare,
    /// `rd, fs1`
    FToInt,
    /// `rd, fs1, rounding`
    FToIntRound,
    /// `fd, rs1`
    IntToF,
    /// `fd, rs1, rounding`
    IntToFRound,
}

/// An instruction: where `word & mask == bits`.
pub struct Row {
    /// Bits that must match.
    pub mask: u32,
    /// What they must be.
    pub bits: u32,
    /// Mnemonic.
    pub name: &'static str,
    /// Operands.
    pub form: Form,
    /// Only of 64-bit processors.
    pub wide: bool,
}

const fn row(mask: u32, bits: u32, name: &'static str, form: Form) -> Row {
    Row { mask, bits, name, form, wide: false }
}

const fn wide(mask: u32, bits: u32, name: &'static str, form: Form) -> Row {
    Row { mask, bits, name, form, wide: true }
}

/// Opcode alone; opcode and funct3; these and funct7; also rs2; everything.
const OP: u32 = 0x7f;
const F3: u32 = 0x707f;
const F7: u32 = 0xfe00_707f;
const F7_ANY: u32 = 0xfe00_007f;
const RS2: u32 = 0xfff0_707f;
const RS2_ANY: u32 = 0xfff0_007f;
const ALL: u32 = 0xffff_ffff;
/// funct6 and funct3 of a shift.
const SHIFT: u32 = 0xfc00_707f;
/// funct5 and funct3 of an atomic operation.
const AMO: u32 = 0xf800_707f;
const LR: u32 = 0xf9f0_707f;
/// The format of a fused multiplication.
const FMA: u32 = 0x0600_007f;

use Form::*;

/// All of them.
pub static TABLE: &[Row] = &[
    row(OP, 0x37, "lui", Upper),
    row(OP, 0x17, "auipc", Upper),
    row(OP, 0x6f, "jal", Jump),
    row(F3, 0x67, "jalr", JumpRegister),
    row(F3, 0x0063, "beq", Branch),
    row(F3, 0x1063, "bne", Branch),
    row(F3, 0x4063, "blt", Branch),
    row(F3, 0x5063, "bge", Branch),
    row(F3, 0x6063, "bltu", Branch),
    row(F3, 0x7063, "bgeu", Branch),
    row(F3, 0x0003, "lb", Load),
    row(F3, 0x1003, "lh", Load),
    row(F3, 0x2003, "lw", Load),
    wide(F3, 0x3003, "ld", Load),
    row(F3, 0x4003, "lbu", Load),
    row(F3, 0x5003, "lhu", Load),
    wide(F3, 0x6003, "lwu", Load),
    row(F3, 0x0023, "sb", Store),
    row(F3, 0x1023, "sh", Store),
    row(F3, 0x2023, "sw", Store),
    wide(F3, 0x3023, "sd", Store),
    row(F3, 0x0013, "addi", I),
    row(F3, 0x2013, "slti", I),
    row(F3, 0x3013, "sltiu", I),
    row(F3, 0x4013, "xori", I),
    row(F3, 0x6013, "ori", I),
    row(F3, 0x7013, "andi", I),
    row(SHIFT, 0x1013, "slli", Shift),
    row(SHIFT, 0x5013, "srli", Shift),
    row(SHIFT, 0x4000_5013, "srai", Shift),
    row(F7, 0x33, "add", R),
    row(F7, 0x4000_0033, "sub", R),
    row(F7, 0x1033, "sll", R),
    row(F7, 0x2033, "slt", R),
    row(F7, 0x3033, "sltu", R),
    row(F7, 0x4033, "xor", R),
    row(F7, 0x5033, "srl", R),
    row(F7, 0x4000_5033, "sra", R),
    row(F7, 0x6033, "or", R),
    row(F7, 0x7033, "and", R),
    wide(F3, 0x1b, "addiw", I),
    wide(F7, 0x101b, "slliw", ShiftW),
    wide(F7, 0x501b, "srliw", ShiftW),
    wide(F7, 0x4000_501b, "sraiw", ShiftW),
    wide(F7, 0x3b, "addw", R),
    wide(F7, 0x4000_003b, "subw", R),
    wide(F7, 0x103b, "sllw", R),
    wide(F7, 0x503b, "srlw", R),
    wide(F7, 0x4000_503b, "sraw", R),
    row(ALL, 0x8330_000f, "fence.tso", Bare),
    row(0xf00f_ffff, 0x0f, "fence", Fence),
    row(ALL, 0x100f, "fence.i", Bare),
    row(ALL, 0x73, "ecall", Bare),
    row(ALL, 0x0010_0073, "ebreak", Bare),
    row(ALL, 0x1020_0073, "sret", Bare),
    row(ALL, 0x3020_0073, "mret", Bare),
    row(ALL, 0x1050_0073, "wfi", Bare),
    row(0xfe00_7fff, 0x1200_0073, "sfence.vma", Two),
    row(0xfe00_7fff, 0x2200_0073, "hfence.vvma", Two),
    row(0xfe00_7fff, 0x6200_0073, "hfence.gvma", Two),
    row(0xfe00_7fff, 0x1600_0073, "sinval.vma", Two),
    row(ALL, 0x1800_0073, "sfence.w.inval", Bare),
    row(ALL, 0x1810_0073, "sfence.inval.ir", Bare),
    row(F3, 0x1073, "csrrw", Csr),
    row(F3, 0x2073, "csrrs", Csr),
    row(F3, 0x3073, "csrrc", Csr),
    row(F3, 0x5073, "csrrwi", CsrImmediate),
    row(F3, 0x6073, "csrrsi", CsrImmediate),
    row(F3, 0x7073, "csrrci", CsrImmediate),
    // M
    row(F7, 0x0200_0033, "mul", R),
    row(F7, 0x0200_1033, "mulh", R),
    row(F7, 0x0200_2033, "mulhsu", R),
    row(F7, 0x0200_3033, "mulhu", R),
    row(F7, 0x0200_4033, "div", R),
    row(F7, 0x0200_5033, "divu", R),
    row(F7, 0x0200_6033, "rem", R),
    row(F7, 0x0200_7033, "remu", R),
    wide(F7, 0x0200_003b, "mulw", R),
    wide(F7, 0x0200_403b, "divw", R),
    wide(F7, 0x0200_503b, "divuw", R),
    wide(F7, 0x0200_603b, "remw", R),
    wide(F7, 0x0200_703b, "remuw", R),
    // A
    row(LR, 0x1000_202f, "lr.w", Reserved),
    row(AMO, 0x1800_202f, "sc.w", Amo),
    row(AMO, 0x0800_202f, "amoswap.w", Amo),
    row(AMO, 0x0000_202f, "amoadd.w", Amo),
    row(AMO, 0x2000_202f, "amoxor.w", Amo),
    row(AMO, 0x6000_202f, "amoand.w", Amo),
    row(AMO, 0x4000_202f, "amoor.w", Amo),
    row(AMO, 0x8000_202f, "amomin.w", Amo),
    row(AMO, 0xa000_202f, "amomax.w", Amo),
    row(AMO, 0xc000_202f, "amominu.w", Amo),
    row(AMO, 0xe000_202f, "amomaxu.w", Amo),
    wide(LR, 0x1000_302f, "lr.d", Reserved),
    wide(AMO, 0x1800_302f, "sc.d", Amo),
    wide(AMO, 0x0800_302f, "amoswap.d", Amo),
    wide(AMO, 0x0000_302f, "amoadd.d", Amo),
    wide(AMO, 0x2000_302f, "amoxor.d", Amo),
    wide(AMO, 0x6000_302f, "amoand.d", Amo),
    wide(AMO, 0x4000_302f, "amoor.d", Amo),
    wide(AMO, 0x8000_302f, "amomin.d", Amo),
    wide(AMO, 0xa000_302f, "amomax.d", Amo),
    wide(AMO, 0xc000_302f, "amominu.d", Amo),
    wide(AMO, 0xe000_302f, "amomaxu.d", Amo),
    // F and D
    row(F3, 0x2007, "flw", FloatLoad),
    row(F3, 0x3007, "fld", FloatLoad),
    row(F3, 0x2027, "fsw", FloatStore),
    row(F3, 0x3027, "fsd", FloatStore),
    row(FMA, 0x0000_0043, "fmadd.s", F4),
    row(FMA, 0x0000_0047, "fmsub.s", F4),
    row(FMA, 0x0000_004b, "fnmsub.s", F4),
    row(FMA, 0x0000_004f, "fnmadd.s", F4),
    row(FMA, 0x0200_0043, "fmadd.d", F4),
    row(FMA, 0x0200_0047, "fmsub.d", F4),
    row(FMA, 0x0200_004b, "fnmsub.d", F4),
    row(FMA, 0x0200_004f, "fnmadd.d", F4),
    row(F7_ANY, 0x0000_0053, "fadd.s", FRound),
    row(F7_ANY, 0x0800_0053, "fsub.s", FRound),
    row(F7_ANY, 0x1000_0053, "fmul.s", FRound),
    row(F7_ANY, 0x1800_0053, "fdiv.s", FRound),
    row(F7_ANY, 0x0200_0053, "fadd.d", FRound),
    row(F7_ANY, 0x0a00_0053, "fsub.d", FRound),
    row(F7_ANY, 0x1200_0053, "fmul.d", FRound),
    row(F7_ANY, 0x1a00_0053, "fdiv.d", FRound),
    row(RS2_ANY, 0x5800_0053, "fsqrt.s", F2Round),
    row(RS2_ANY, 0x5a00_0053, "fsqrt.d", F2Round),
    row(F7, 0x2000_0053, "fsgnj.s", F),
    row(F7, 0x2000_1053, "fsgnjn.s", F),
    row(F7, 0x2000_2053, "fsgnjx.s", F),
    row(F7, 0x2200_0053, "fsgnj.d", F),
    row(F7, 0x2200_1053, "fsgnjn.d", F),
    row(F7, 0x2200_2053, "fsgnjx.d", F),
    row(F7, 0x2800_0053, "fmin.s", F),
    row(F7, 0x2800_1053, "fmax.s", F),
    row(F7, 0x2a00_0053, "fmin.d", F),
    row(F7, 0x2a00_1053, "fmax.d", F),
    row(RS2_ANY, 0x4010_0053, "fcvt.s.d", F2Round),
    row(RS2, 0x4200_0053, "fcvt.d.s", F2Round),
    row(F7, 0xa000_2053, "feq.s", FCompare),
    row(F7, 0xa000_1053, "flt.s", FCompare),
    row(F7, 0xa000_0053, "fle.s", FCompare),
    row(F7, 0xa200_2053, "feq.d", FCompare),
    row(F7, 0xa200_1053, "flt.d", FCompare),
    row(F7, 0xa200_0053, "fle.d", FCompare),
    row(RS2_ANY, 0xc000_0053, "fcvt.w.s", FToIntRound),
    row(RS2_ANY, 0xc010_0053, "fcvt.wu.s", FToIntRound),
    wide(RS2_ANY, 0xc020_0053, "fcvt.l.s", FToIntRound),
    wide(RS2_ANY, 0xc030_0053, "fcvt.lu.s", FToIntRound),
    row(RS2_ANY, 0xc200_0053, "fcvt.w.d", FToIntRound),
    row(RS2_ANY, 0xc210_0053, "fcvt.wu.d", FToIntRound),
    wide(RS2_ANY, 0xc220_0053, "fcvt.l.d", FToIntRound),
    wide(RS2_ANY, 0xc230_0053, "fcvt.lu.d", FToIntRound),
    row(RS2_ANY, 0xd000_0053, "fcvt.s.w", IntToFRound),
    row(RS2_ANY, 0xd010_0053, "fcvt.s.wu", IntToFRound),
    wide(RS2_ANY, 0xd020_0053, "fcvt.s.l", IntToFRound),
    wide(RS2_ANY, 0xd030_0053, "fcvt.s.lu", IntToFRound),
    row(RS2, 0xd200_0053, "fcvt.d.w", IntToF),
    row(RS2, 0xd210_0053, "fcvt.d.wu", IntToF),
    wide(RS2_ANY, 0xd220_0053, "fcvt.d.l", IntToFRound),
    wide(RS2_ANY, 0xd230_0053, "fcvt.d.lu", IntToFRound),
    row(RS2, 0xe000_0053, "fmv.x.w", FToInt),
    row(RS2, 0xe000_1053, "fclass.s", FToInt),
    row(RS2, 0xf000_0053, "fmv.w.x", IntToF),
    wide(RS2, 0xe200_0053, "fmv.x.d", FToInt),
    row(RS2, 0xe200_1053, "fclass.d", FToInt),
    wide(RS2, 0xf200_0053, "fmv.d.x", IntToF),
    // Zba
    row(F7, 0x2000_2033, "sh1add", R),
    row(F7, 0x2000_4033, "sh2add", R),
    row(F7, 0x2000_6033, "sh3add", R),
    wide(F7, 0x0800_003b, "add.uw", R),
    wide(F7, 0x2000_203b, "sh1add.uw", R),
    wide(F7, 0x2000_403b, "sh2add.uw", R),
    wide(F7, 0x2000_603b, "sh3add.uw", R),
    wide(SHIFT, 0x0800_101b, "slli.uw", Shift),
    // Zbb
    row(F7, 0x4000_7033, "andn", R),
    row(F7, 0x4000_6033, "orn", R),
    row(F7, 0x4000_4033, "xnor", R),
    row(RS2, 0x6000_1013, "clz", R2),
    row(RS2, 0x6010_1013, "ctz", R2),
    row(RS2, 0x6020_1013, "cpop", R2),
    row(RS2, 0x6040_1013, "sext.b", R2),
    row(RS2, 0x6050_1013, "sext.h", R2),
    wide(RS2, 0x6000_101b, "clzw", R2),
    wide(RS2, 0x6010_101b, "ctzw", R2),
    wide(RS2, 0x6020_101b, "cpopw", R2),
    wide(RS2, 0x0800_403b, "zext.h", R2),
    row(F7, 0x0a00_6033, "max", R),
    row(F7, 0x0a00_7033, "maxu", R),
    row(F7, 0x0a00_4033, "min", R),
    row(F7, 0x0a00_5033, "minu", R),
    row(F7, 0x6000_1033, "rol", R),
    row(F7, 0x6000_5033, "ror", R),
    row(SHIFT, 0x6000_5013, "rori", Shift),
    wide(F7, 0x6000_103b, "rolw", R),
    wide(F7, 0x6000_503b, "rorw", R),
    wide(F7, 0x6000_501b, "roriw", ShiftW),
    row(RS2, 0x2870_5013, "orc.b", R2),
    wide(RS2, 0x6b80_5013, "rev8", R2),
    // Zbs
    row(F7, 0x4800_1033, "bclr", R),
    row(F7, 0x4800_5033, "bext", R),
    row(F7, 0x6800_1033, "binv", R),
    row(F7, 0x2800_1033, "bset", R),
    row(SHIFT, 0x4800_1013, "bclri", Shift),
    row(SHIFT, 0x4800_5013, "bexti", Shift),
    row(SHIFT, 0x6800_1013, "binvi", Shift),
    row(SHIFT, 0x2800_1013, "bseti", Shift),
];
