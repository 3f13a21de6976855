//! A system and a process read memory through an address space of theirs.

/// Implements `MemoryView` for a type by the address space that an expression names: `self => self.space`.
macro_rules! read_through_the_space {
    ($type:ty, $self:ident => $space:expr) => {
        impl memsh_plugin::MemoryView for $type {
            fn view_metadata(&$self) -> memsh_plugin::ViewMetadata {
                $space.view_metadata()
            }

            fn read_virt(&$self, ops: memsh_plugin::CSliceMut<memsh_plugin::VirtReadOp>) {
                $space.read_virt(ops);
            }

            fn write_virt(&$self, ops: memsh_plugin::CSliceMut<memsh_plugin::VirtWriteOp>) {
                $space.write_virt(ops);
            }

            fn translate(&$self, ops: memsh_plugin::CSliceMut<memsh_plugin::TranslateOp>) {
                $space.translate(ops);
            }
        }
    };
}

pub(crate) use read_through_the_space;
