//! `silent`: never answers.

use memsh_plugin::*;
use std::time::Duration;

fn sleep() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(3600));
    }
}

struct Never;

impl PhysicalMemory for Never {
    fn metadata(&self) -> MemoryMetadata {
        sleep()
    }

    fn ranges(&self) -> CVec<MemoryRange> {
        sleep()
    }

    fn read(&self, _: CSliceMut<PhysReadOp>) {
        sleep()
    }
}

impl Command for Never {
    fn run(&self, _: SessionInstanceRef<'_>, _: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError> {
        sleep()
    }
}

connector! {
    name: "silent",
    description: "never answers",
    arguments: ["later flag optional no answer first, but not when it is asked what it is"],
    create: |request: &ConnectorRequest| if request.arguments.flag("later") { Ok::<_, ApiError>(Never) } else { sleep() },
    targets: |_: &ConnectorRequest| -> Result<Vec<(String, String)>, ApiError> { sleep() },
}

command! {
    name: "silent",
    description: "never answers",
    arguments: [],
    columns: [],
    create: |_: &CommandRequest| -> Result<Never, ApiError> { sleep() },
}
