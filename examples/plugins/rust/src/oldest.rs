//! `memsh IMAGE oldest [COUNT]`: the processes that were started first.

use memsh_plugin::*;
use serde_json::{Value, json};

struct Oldest {
    count: usize,
}

impl Command for Oldest {
    fn run(&self, session: SessionInstanceRef<'_>, mut row: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError> {
        let answer = match session.answer("ps") {
            CResult::Ok(answer) => answer,
            CResult::Err(e) => return CResult::Err(e),
        };
        let mut processes: Vec<Value> = serde_json::from_slice(answer.as_bytes()).unwrap_or_default();
        let mut lost = Vec::new();
        processes.retain(|p| {
            let known = p["start_time"].is_string();
            if !known {
                lost.push(Text::from(format!("the start time of process {}", p["pid"])));
            }
            known
        });
        processes.sort_by_key(|p| p["start_time"].as_str().map(str::to_owned));
        for p in processes.iter().take(self.count) {
            let found = json!({ "pid": p["pid"], "name": p["name"], "start_time": p["start_time"] });
            if !row.call(found.to_string().into()) {
                break;
            }
        }
        CResult::Ok(lost.into())
    }
}

command! {
    name: "oldest",
    description: "the processes that were started first",
    arguments: ["count number optional 5 how many"],
    columns: ["pid", "name", "start_time"],
    create: |request: &CommandRequest| {
        let count = request.arguments.number("count").unwrap_or(5);
        Ok::<_, ApiError>(Oldest { count: usize::try_from(count).unwrap_or(usize::MAX) })
    },
}
