//! `noisy HOW`: rows that are none.

use memsh_plugin::*;

struct Noisy(String);

impl Command for Noisy {
    fn run(&self, session: SessionInstanceRef<'_>, mut row: OpaqueCallback<Text>) -> CResult<CVec<Text>, ApiError> {
        match self.0.as_str() {
            "panic" => panic!("no rows today"),
            "text" => {
                for text in ["{\"a\": 1}", "no JSON", "[1, 2]", "{\"a\": 2}"] {
                    let _ = row.call(text.into());
                }
            }
            // As long as somebody listens.
            "endless" => while row.call("{\"a\": 1}".into()) {},
            "ask" => {
                for line in ["ps | rm -rf /", "nonsense", "ps > odd-out"] {
                    if let CResult::Err(e) = session.answer(line) {
                        let _ = row.call(format!("{{\"a\": {:?}}}", e.to_string()).into());
                    }
                }
            }
            _ => {}
        }
        CResult::Ok(vec![Text::from("one thing\u{1b}[31m")].into())
    }
}

command! {
    name: "noisy",
    description: "rows that are none",
    arguments: ["how text required - what it does"],
    columns: ["a"],
    create: |request: &CommandRequest| {
        let how = request.arguments.get("how").unwrap_or_default();
        if how == "create" {
            panic!("not made");
        }
        Ok::<_, ApiError>(Noisy(how))
    },
}
