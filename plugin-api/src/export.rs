//! The macros that export a plugin, and what they call.

use crate::*;

/// Puts a connector behind its table, panics caught.
pub fn connector_object<T: PhysicalMemory + 'static>(connector: T) -> ConnectorInstanceBox<'static> {
    let guarded = Guarded::new(connector);
    group_obj!(guarded as ConnectorInstance)
}

/// Puts an OS layer behind its table, panics caught.
pub fn os_object<T: Os + MemoryView + 'static>(os: T) -> OsInstanceBox<'static> {
    let guarded = Guarded::new(os);
    group_obj!(guarded as OsInstance)
}

/// Puts a process behind its table, panics caught: what [`Os::process`] gives.
pub fn process_object<T: Process + MemoryView + 'static>(process: T) -> ProcessInstanceBox<'static> {
    let guarded = Guarded::new(process);
    group_obj!(guarded as ProcessInstance)
}

/// Puts a command behind its table, panics caught.
pub fn command_object<T: Command + 'static>(command: T) -> CommandInstanceBox<'static> {
    let guarded = Guarded::new(command);
    group_obj!(guarded as CommandInstance)
}

/// Exports a connector.
///
/// `create` takes a [`ConnectorRequest`] and gives a [`PhysicalMemory`] or an [`ApiError`]. `on` (if the connector can stand on
/// an OS layer) takes the layer as well. `targets` (if it can tell what there is to connect to) gives names and descriptions.
/// Arguments are lines `NAME KIND required|optional DEFAULT|- HELP`; KIND is `text`, `path`, `number`, `size`, `duration` or `flag`;
/// the first one needs no name on the command line. A plugin with a syntax of its own has one argument, of the kind `rest`: all that
/// stands behind its name, unread.
///
/// A plugin through which others are used is a family: `members` gives them as a list of [`Member`], and makes none of them. memsh
/// calls it for `plugins list`, where each shows up as `NAME:MEMBER`.
///
/// ```
/// use memsh_plugin::*;
///
/// struct Zeros(u64);
///
/// impl PhysicalMemory for Zeros {
///     fn metadata(&self) -> MemoryMetadata {
///         MemoryMetadata::snapshot(self.0.into())
///     }
///     fn ranges(&self) -> CVec<MemoryRange> {
///         vec![MemoryRange { start: PhysAddr::NULL, size: self.0.into() }].into()
///     }
///     fn read(&self, mut ops: CSliceMut<PhysReadOp>) {
///         for op in ops.iter_mut() {
///             op.buf.fill(0);
///             op.status = Status::DONE;
///         }
///     }
/// }
///
/// connector! {
///     name: "zeros",
///     description: "memory that holds nothing",
///     arguments: ["bytes size optional 1048576 how much of it"],
///     create: |request: &ConnectorRequest| Ok(Zeros(request.arguments.number("bytes").unwrap_or(0))),
/// }
/// ```
#[macro_export]
macro_rules! connector {
    (
        name: $name:literal,
        description: $description:literal,
        arguments: [$($argument:literal),* $(,)?],
        create: $create:expr
        $(, on: $on:expr)?
        $(, targets: $targets:expr)?
        $(, members: $members:expr)?
        $(,)?
    ) => {
        const _: () = {
            extern "C" fn __memsh_create(
                request: $crate::ConnectorRequest,
            ) -> $crate::CResult<$crate::ConnectorInstanceBox<'static>, $crate::ApiError> {
                $crate::tell_few_panics();
                $crate::caught("create", || ($create)(&request).map($crate::connector_object)).into()
            }
            $crate::__optional_on!($($on)?);
            $crate::__optional_targets!($($targets)?);
            $crate::__optional_members!($($members)?);

            #[unsafe(export_name = concat!("MEMSH_PLUGIN_CONNECTOR_", $name))]
            #[used]
            static DESCRIPTOR: $crate::Descriptor = $crate::Descriptor {
                create_connector: Some(__memsh_create),
                create_connector_on: __MEMSH_CREATE_ON,
                layout_below: if __MEMSH_CREATE_ON.is_some() { $crate::layout::CONNECTOR_ON } else { 0 },
                targets: __MEMSH_TARGETS,
                members: __MEMSH_MEMBERS,
                ..$crate::Descriptor::new(
                    $crate::KIND_CONNECTOR,
                    $crate::__text!($name, $description, [$($argument),*], [], [$($members)?]),
                )
            };
        };
    };
}

/// Exports an OS layer: `create` takes an [`OsRequest`] and gives something that is [`Os`] and [`MemoryView`]. `members` is as a
/// [connector](crate::connector!)'s.
#[macro_export]
macro_rules! os {
    (
        name: $name:literal,
        description: $description:literal,
        arguments: [$($argument:literal),* $(,)?],
        create: $create:expr
        $(, members: $members:expr)?
        $(,)?
    ) => {
        const _: () = {
            $crate::__optional_members!($($members)?);
            extern "C" fn __memsh_create(
                request: $crate::OsRequest,
            ) -> $crate::CResult<$crate::OsInstanceBox<'static>, $crate::ApiError> {
                $crate::tell_few_panics();
                $crate::caught("create", || ($create)(request).map($crate::os_object)).into()
            }

            #[unsafe(export_name = concat!("MEMSH_PLUGIN_OS_", $name))]
            #[used]
            static DESCRIPTOR: $crate::Descriptor = $crate::Descriptor {
                create_os: Some(__memsh_create),
                members: __MEMSH_MEMBERS,
                ..$crate::Descriptor::new(
                    $crate::KIND_OS,
                    $crate::__text!($name, $description, [$($argument),*], [], [$($members)?]),
                )
            };
        };
    };
}

/// Exports a command: `create` takes a [`CommandRequest`] and gives a [`Command`]. `columns` are the keys that its table shows.
#[macro_export]
macro_rules! command {
    (
        name: $name:literal,
        description: $description:literal,
        arguments: [$($argument:literal),* $(,)?],
        columns: [$($column:literal),* $(,)?],
        create: $create:expr
        $(,)?
    ) => {
        const _: () = {
            extern "C" fn __memsh_create(
                request: $crate::CommandRequest,
            ) -> $crate::CResult<$crate::CommandInstanceBox<'static>, $crate::ApiError> {
                $crate::tell_few_panics();
                $crate::caught("create", || ($create)(&request).map($crate::command_object)).into()
            }

            #[unsafe(export_name = concat!("MEMSH_PLUGIN_COMMAND_", $name))]
            #[used]
            static DESCRIPTOR: $crate::Descriptor = $crate::Descriptor {
                create_command: Some(__memsh_create),
                ..$crate::Descriptor::new(
                    $crate::KIND_COMMAND,
                    $crate::__text!($name, $description, [$($argument),*], [$($column),*], []),
                )
            };
        };
    };
}

/// The text of a descriptor.
#[doc(hidden)]
#[macro_export]
macro_rules! __text {
    ($name:literal, $description:literal, [$($argument:literal),*], [$($column:literal),*], [$($members:expr)?]) => {
        concat!(
            "name ", $name, "\n",
            "version ", env!("CARGO_PKG_VERSION"), "\n",
            "description ", $description, "\n",
            $("argument ", $argument, "\n",)*
            $("column ", $column, "\n",)*
            $crate::__family!($($members)?),
            "built_with ", "memsh-plugin ", $crate::__version!(), "\n",
        )
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __optional_on {
    () => {
        const __MEMSH_CREATE_ON: Option<$crate::CreateConnectorOn> = None;
    };
    ($on:expr) => {
        extern "C" fn __memsh_create_on(
            request: $crate::ConnectorRequest,
            below: $crate::OsInstanceBox<'static>,
        ) -> $crate::CResult<$crate::ConnectorInstanceBox<'static>, $crate::ApiError> {
            $crate::tell_few_panics();
            $crate::caught("create", || ($on)(&request, below).map($crate::connector_object)).into()
        }
        const __MEMSH_CREATE_ON: Option<$crate::CreateConnectorOn> = Some(__memsh_create_on);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __optional_targets {
    () => {
        const __MEMSH_TARGETS: Option<$crate::Targets> = None;
    };
    ($targets:expr) => {
        extern "C" fn __memsh_targets(
            request: $crate::ConnectorRequest,
        ) -> $crate::CResult<$crate::CVec<$crate::Text>, $crate::ApiError> {
            $crate::tell_few_panics();
            $crate::caught("targets", || {
                let found: Vec<(String, String)> = ($targets)(&request)?;
                let lines = found.into_iter().map(|(name, what)| $crate::Text::from(format!("{name}\t{what}")));
                Ok(lines.collect::<Vec<_>>().into())
            })
            .into()
        }
        const __MEMSH_TARGETS: Option<$crate::Targets> = Some(__memsh_targets);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __family {
    () => {
        ""
    };
    ($members:expr) => {
        "family\n"
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __optional_members {
    () => {
        const __MEMSH_MEMBERS: Option<$crate::Members> = None;
    };
    ($members:expr) => {
        extern "C" fn __memsh_members() -> $crate::CResult<$crate::CVec<$crate::Member>, $crate::ApiError> {
            $crate::caught("members", || {
                let found: Vec<$crate::Member> = ($members)()?;
                Ok(found.into())
            })
            .into()
        }
        const __MEMSH_MEMBERS: Option<$crate::Members> = Some(__memsh_members);
    };
}

/// The version of this crate as a literal: `env!` in a macro would be the plugin's.
#[doc(hidden)]
#[macro_export]
macro_rules! __version {
    () => {
        "0.1.0"
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_version_in_descriptors_is_the_crates() {
        assert_eq!(crate::__version!(), env!("CARGO_PKG_VERSION"));
    }
}
