//! Answers against the committed schemas.
#![allow(dead_code, reason = "each test file uses its part")]

use serde_json::Value;

/// What does not fit a schema; knows what memsh's schemas use.
pub fn misfits(schema: &Value, root: &Value, value: &Value, path: &str, out: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        let target = root.pointer(name.strip_prefix('#').unwrap()).unwrap_or_else(|| panic!("{name} is not there"));
        return misfits(target, root, value, path, out);
    }
    if let Some(any) = schema["anyOf"].as_array() {
        let fits = any.iter().any(|s| {
            let mut inner = Vec::new();
            misfits(s, root, value, path, &mut inner);
            inner.is_empty()
        });
        if !fits {
            out.push(format!("{path}: {value} fits none of {}", any.len()));
        }
        return;
    }
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(n) if n.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let allowed: Vec<&str> = match &schema["type"] {
        Value::String(s) => vec![s],
        Value::Array(a) => a.iter().map(|t| t.as_str().unwrap()).collect(),
        _ => return,
    };
    if !(allowed.contains(&kind) || kind == "integer" && allowed.contains(&"number")) {
        return out.push(format!("{path}: {value} is {kind}, not {allowed:?}"));
    }
    match value {
        Value::Object(fields) => {
            for required in schema["required"].as_array().into_iter().flatten() {
                if !fields.contains_key(required.as_str().unwrap()) {
                    out.push(format!("{path}: {required} is missing"));
                }
            }
            for (key, field) in fields {
                match (&schema["properties"][key], &schema["additionalProperties"]) {
                    (Value::Null, Value::Null) => out.push(format!("{path}.{key} is not in the schema")),
                    (Value::Null, other) => misfits(other, root, field, &format!("{path}.{key}"), out),
                    (property, _) => misfits(property, root, field, &format!("{path}.{key}"), out),
                }
            }
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(i, v)| misfits(&schema["items"], root, v, &format!("{path}[{i}]"), out));
        }
        Value::String(text) => {
            if let Some(pattern) = schema["pattern"].as_str()
                && !regex::Regex::new(pattern).unwrap().is_match(text)
            {
                out.push(format!("{path}: {text:?} does not match {pattern}"));
            }
        }
        _ => {}
    }
}

/// Fails where an answer of the command parts with its committed schema.
pub fn fits(name: &str, answer: &Value) {
    let text = std::fs::read_to_string(super::cli::repository(&format!("docs/schema/{name}.json"))).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let mut out = Vec::new();
    misfits(&schema, &schema, answer, "$", &mut out);
    assert!(out.is_empty(), "{name} parts with its schema: {out:#?}");
}
