//! The emulator's own requests, under `/-/`: a path that no bucket can have; and those for the token service.

use serde_json::{Value, json};

use crate::faults::Fault;
use crate::http::{Head, Reply};
use crate::request_log::Request;
use crate::shared::Shared;
use crate::sts;

pub(crate) fn is_control(head: &Head) -> bool {
    head.target.starts_with("/-/") || sts::is_request(head)
}

pub(crate) fn answer(shared: &Shared, head: &Head, body: &[u8]) -> Reply {
    if sts::is_request(head) {
        return sts::answer(shared, head, body);
    }
    let path = head.target.split('?').next().unwrap_or_default();
    match (head.method.as_str(), path) {
        ("GET" | "HEAD", "/-/health") => Reply::json(200, &json!({"status": "ok"})),
        ("GET" | "HEAD", "/-/callback_pub_key.pem") => match shared.signing_key.public_pem() {
            Ok(pem) => Reply::new(200).body("application/x-pem-file", pem.into_bytes()),
            Err(error) => Reply::json(500, &json!({"error": error})),
        },
        ("GET", "/-/requests") => {
            let requests: Vec<Value> = shared.log.all().iter().map(request_json).collect();
            Reply::json(200, &Value::Array(requests))
        }
        ("DELETE", "/-/requests") => {
            shared.log.clear();
            Reply::new(204)
        }
        ("POST", "/-/faults") => inject(shared, body),
        ("DELETE", "/-/faults") => {
            shared.faults.clear();
            Reply::new(204)
        }
        _ => Reply::json(404, &json!({"error": "there is no such control request"})),
    }
}

/// One fault, or a list of them.
fn inject(shared: &Shared, body: &[u8]) -> Reply {
    let faults = match serde_json::from_slice(body) {
        Ok(Value::Array(list)) => list.iter().map(|fault| Fault::from_json(&fault.to_string())).collect(),
        Ok(fault) => Fault::from_json(&fault.to_string()).map(|fault| vec![fault]),
        Err(error) => Err(error.to_string()),
    };
    match faults {
        Ok(faults) => {
            let faults: Vec<Fault> = faults;
            for fault in faults {
                shared.faults.inject(fault);
            }
            Reply::new(204)
        }
        Err(error) => Reply::json(400, &json!({"error": error})),
    }
}

fn request_json(request: &Request) -> Value {
    json!({
        "method": request.method,
        "target": request.target,
        "operation": request.operation,
        "bucket": request.bucket,
        "key": request.key,
        "headers": request.headers,
        "body_bytes_received": request.body_bytes_received,
        "status": request.status,
        "connection": request.connection,
    })
}
