//! A headless Chromium that is spoken to over two named pipes (`--remote-debugging-pipe`): messages are JSON, each with a zero behind it.

use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: File,
    from: Receiver<Value>,
    session: Option<String>,
    number: u64,
    /// What was said without being asked.
    pub events: Vec<Value>,
    _home: tempfile::TempDir,
}

const PATIENCE: Duration = Duration::from_secs(60);

/// The browser, where there is one. Without, tests leave themselves out, unless they may not.
pub fn chromium() -> Option<&'static str> {
    let found = ["chromium", "chromium-browser", "google-chrome"].into_iter().find(|name| {
        Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
    });
    assert!(
        found.is_some() || std::env::var_os("MEMSH_REQUIRE_LIVE").is_none(),
        "there is no chromium, and MEMSH_REQUIRE_LIVE is set"
    );
    if found.is_none() {
        eprintln!("left out: there is no chromium");
    }
    found
}

impl Browser {
    pub fn start(program: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
        let (to, from) = (at("to"), at("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().unwrap().success());
        // The browser reads from descriptor 3 and writes to 4.
        let flags = "--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking \
                     --disable-component-update --disable-default-apps --disable-sync --window-size=1400,1000 --remote-debugging-pipe";
        let line = format!("exec {program} {flags} --user-data-dir={} 3<{to} 4>{from}", at("profile"));
        let child = Command::new("sh")
            .args(["-c", &line])
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (send, receive) = channel();
        // Each side waits for the other to open its pipe.
        let reader = from.clone();
        std::thread::spawn(move || {
            let from = BufReader::new(File::open(reader).unwrap());
            for message in from.split(0) {
                let Ok(bytes) = message else { break };
                if serde_json::from_slice(&bytes).is_ok_and(|value| send.send(value).is_ok()) {
                    continue;
                }
                break;
            }
        });
        let to = File::options().write(true).open(to).unwrap();
        let mut browser = Self { child, to, from: receive, session: None, number: 0, events: Vec::new(), _home: home };
        let target = browser.ask("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let session = browser.ask("Target.attachToTarget", json!({"targetId": target, "flatten": true}))["sessionId"].clone();
        browser.session = Some(session.as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser
    }

    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.number += 1;
        let mut message = json!({"id": self.number, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        let mut bytes = serde_json::to_vec(&message).unwrap();
        bytes.push(0);
        self.to.write_all(&bytes).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let answer = self.from.recv_timeout(left).unwrap_or_else(|e| panic!("{method}: the browser does not answer: {e}"));
            if answer["id"] != self.number {
                self.events.push(answer);
                continue;
            }
            assert!(answer["error"].is_null(), "{method}: {answer}");
            return answer["result"].clone();
        }
    }

    /// Opens a page, and waits until its script has ended.
    pub fn open(&mut self, page: &Path) {
        self.ask("Page.navigate", json!({"url": format!("file://{}", page.display())}));
        let until = Instant::now() + PATIENCE;
        while self.value("document.documentElement?.dataset.ready || ''") != "yes" {
            assert!(Instant::now() < until, "the page's script does not end: {:?}", self.complaints());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let answer = self.ask("Runtime.evaluate", json!({"expression": expression, "returnByValue": true, "awaitPromise": true}));
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Presses the mouse in the middle of the first element that `selector` names.
    pub fn click(&mut self, selector: &str) {
        let selector = json!(selector);
        let place = self.value(&format!(
            "(() => {{ const e = document.querySelector({selector}); e.scrollIntoView({{block: 'center'}}); \
             const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; }})()"
        ));
        for kind in ["mousePressed", "mouseReleased"] {
            let event = json!({"type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1});
            self.ask("Input.dispatchMouseEvent", event);
        }
    }

    /// Types into the field that `selector` names, as keys would.
    pub fn fill(&mut self, selector: &str, text: &str) {
        self.click(selector);
        self.value(&format!("document.querySelector({}).select()", json!(selector)));
        match text {
            "" => {
                for kind in ["keyDown", "keyUp"] {
                    let key = json!({"type": kind, "key": "Delete", "code": "Delete", "windowsVirtualKeyCode": 46});
                    self.ask("Input.dispatchKeyEvent", key);
                }
            }
            text => {
                self.ask("Input.insertText", json!({"text": text}));
            }
        }
        // The boxes wait for a pause in typing.
        std::thread::sleep(Duration::from_millis(400));
    }

    /// Texts of all elements that `selector` names.
    pub fn texts(&mut self, selector: &str) -> Vec<String> {
        let all = self.value(&format!("[...document.querySelectorAll({})].map((e) => e.textContent)", json!(selector)));
        all.as_array().unwrap().iter().map(|t| t.as_str().unwrap().to_owned()).collect()
    }

    /// Errors of scripts, lines on the console and in the log, and what was refused.
    pub fn complaints(&self) -> Vec<String> {
        let bad = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        self.events.iter().filter(|e| bad.iter().any(|b| e["method"] == *b)).map(ToString::to_string).collect()
    }

    /// Addresses that the page asked for, but its own and what it holds itself.
    pub fn requests(&self) -> Vec<String> {
        let all = self.events.iter().filter(|e| e["method"] == "Network.requestWillBeSent");
        let urls = all.map(|e| e["params"]["request"]["url"].as_str().unwrap_or_default().to_owned());
        urls.filter(|u| !u.starts_with("data:") && !u.ends_with("/report.html") && u != "about:blank").collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.session = None;
        let _ = self.to.write_all(b"{\"id\":1000000,\"method\":\"Browser.close\"}\0");
        let until = Instant::now() + Duration::from_secs(10);
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
