//! Uploads by forms: what a policy allows and what it does not, and what is said of an upload.

use crate::support;
use crate::support::bed::{BUCKET, Bed, DATA, KEY, assert_ended};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use oss_emulator::{Action, Answer, DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET};
use oss_upload::callback::Callback;
use oss_upload::credentials::Credentials;
use oss_upload::engine::{
    Body, Bucket, BucketOptions, Outcome, PostForm, PostPolicy, SignatureVersion, Status, Stored,
};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

const LIFE_S: u64 = 900;

/// A bucket for each version of the signature.
fn beds() -> [Bed; 2] {
    let version = |version| Bed::with(move |options: &mut BucketOptions| options.set_signature(version));
    [version(SignatureVersion::V1), version(SignatureVersion::V4)]
}

/// What allows the object of the tests and no other.
fn policy() -> PostPolicy {
    let mut policy = PostPolicy::default();
    policy.set_key(KEY).unwrap();
    policy
}

fn post(form: &PostForm) -> Outcome {
    form.post(Body::Bytes(DATA), &BucketOptions::default())
}

/// What somebody else makes of a form that was handed on as JSON.
fn handed_on(form: &PostForm) -> PostForm {
    let json: serde_json::Value = serde_json::from_str(&form.to_json()).unwrap();
    let mut other = PostForm::from_url(json["url"].as_str().unwrap()).unwrap();
    for (name, value) in json["fields"].as_object().unwrap() {
        other.set_field(name, value.as_str().unwrap()).unwrap();
    }
    other
}

fn signed(bed: &Bed, policy: &PostPolicy) -> PostForm {
    bed.bucket.sign_post_policy(policy, None, LIFE_S).unwrap()
}

fn signed_with_callback(bed: &Bed) -> PostForm {
    let mut callback = Callback::new(&bed.application.url(), "object=${object}&user=${x:user}").unwrap();
    callback.add_variable("x:user", "42 & \"more\"\r\n").unwrap();
    bed.bucket.sign_post_policy(&policy(), Some(&callback), LIFE_S).unwrap()
}

#[track_caller]
fn assert_refused(outcome: &Outcome, code: &str) {
    assert_ended(outcome, Status::Service, Stored::No);
    assert_eq!(outcome.error.code, code, "{}", outcome.message);
}

#[test]
fn form_stores_an_object_without_a_key_of_ones_own() {
    for bed in beds() {
        let outcome = post(&handed_on(&signed(&bed, &policy())));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert!(bed.is_stored());
        assert!(!outcome.etag().is_empty());
        assert_eq!(outcome.crc64, Some(bed.emulator.object(BUCKET, KEY).unwrap().crc64));
    }
}

#[test]
fn callback_of_a_form_runs_with_its_variables_and_its_answer_comes_back() {
    for bed in beds() {
        bed.application.answer(Answer::json(r#"{"seen":true}"#));
        let outcome = post(&handed_on(&signed_with_callback(&bed)));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.body, br#"{"seen":true}"#);
        let bodies: Vec<Vec<u8>> =
            bed.application.requests().into_iter().map(|request| request.body).collect();
        assert_eq!(bodies, [b"object=dir%2Fobject.txt&user=42%20%26%20%22more%22%0D%0A".to_vec()]);
    }
}

#[test]
fn failed_callback_of_a_form_is_told_from_failure() {
    for bed in beds() {
        bed.application.answer(Answer::status(500));
        let outcome = post(&signed_with_callback(&bed));
        assert_ended(&outcome, Status::CallbackFailed, Stored::Yes);
        assert_eq!(bed.requests("PostObject"), 1);
    }
}

#[test]
fn lost_reply_with_a_callback_is_not_sent_again_and_nothing_is_claimed() {
    let bed = Bed::new();
    bed.fault("PostObject", Action::CloseWithoutReply);
    let outcome = post(&signed_with_callback(&bed));
    assert_ended(&outcome, Status::Network, Stored::Unknown);
    assert_eq!((bed.requests("PostObject"), bed.callbacks()), (1, 1));
}

#[test]
fn lost_reply_without_a_callback_is_sent_again() {
    let bed = Bed::new();
    bed.fault("PostObject", Action::CloseWithoutReply);
    assert_ended(&post(&signed(&bed, &policy())), Status::Ok, Stored::Yes);
    assert_eq!(bed.requests("PostObject"), 2);
}

#[test]
fn wrong_crc_is_found_in_the_file_alone() {
    let bed = Bed::new();
    bed.always("PostObject", Action::WrongCrc);
    assert_ended(&post(&signed(&bed, &policy())), Status::Integrity, Stored::Yes);
}

#[test]
fn large_and_empty_files_arrive_whole() {
    let bed = Bed::new();
    for data in [support::noise((3 << 20) + 7), Vec::new()] {
        let outcome = signed(&bed, &policy()).post(Body::Bytes(&data), &BucketOptions::default());
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert!(bed.emulator.object(BUCKET, KEY).unwrap().data == data);
    }
}

#[test]
fn every_answer_that_a_form_can_ask_for_is_a_success() {
    for (field, value, status) in [
        ("success_action_status", "200", 200),
        ("success_action_status", "201", 201),
        ("success_action_status", "204", 204),
        ("success_action_status", "299", 204),
        ("success_action_redirect", "http://127.0.0.1:1/", 303),
    ] {
        let bed = Bed::new();
        let mut policy = policy();
        policy.add_field(field, value).unwrap();
        let outcome = post(&signed(&bed, &policy));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.http_status, outcome.attempts), (status, 1), "{field}: {value}");
    }
}

#[test]
fn answer_that_was_not_asked_for_is_no_success() {
    let bed = Bed::new();
    bed.fault("PostObject", Action::Redirect("http://127.0.0.1:1/".to_owned()));
    assert_ended(&post(&signed(&bed, &policy())), Status::Service, Stored::No);
}

#[test]
fn policy_holds_what_it_says_of_key_length_type_and_fields() {
    for bed in beds() {
        let mut policy = PostPolicy::default();
        policy.set_key_prefix("users/42/").unwrap();
        policy.set_length_range(2, 20).unwrap();
        policy.set_content_type("image/jpeg").unwrap();
        policy.add_field("x-oss-meta-origin", "here").unwrap();
        policy.add_field_prefix("Cache-Control", "max-age=").unwrap();
        let form = signed(&bed, &policy);
        let filled_in = |changes: &[(&str, &str)]| {
            let mut form = form.clone();
            for (name, value) in [("key", "users/42/a"), ("cache-control", "max-age=5")].iter().chain(changes)
            {
                form.set_field(name, value).unwrap();
            }
            form
        };
        assert_ended(&post(&filled_in(&[])), Status::Ok, Stored::Yes);
        let object = bed.emulator.object(BUCKET, "users/42/a").unwrap();
        for (name, value) in
            [("content-type", "image/jpeg"), ("x-oss-meta-origin", "here"), ("cache-control", "max-age=5")]
        {
            assert_eq!(object.header(name), Some(value), "{name}");
        }
        for (field, value) in [
            ("key", "users/43/a"),
            ("Content-Type", "image/jpeg"),
            ("x-oss-content-type", "text/html"),
            ("x-oss-meta-origin", "elsewhere"),
            ("Cache-Control", "no-store"),
        ] {
            let outcome = post(&filled_in(&[(field, value)]));
            match field {
                // It is not what decides on the type.
                "Content-Type" => assert_ended(&outcome, Status::Ok, Stored::Yes),
                _ => assert_refused(&outcome, "AccessDenied"),
            }
        }
        let with = |data: &[u8]| filled_in(&[]).post(Body::Bytes(data), &BucketOptions::default());
        assert_refused(&with(b"1"), "EntityTooSmall");
        assert_refused(&with(&[0; 21]), "EntityTooLarge");
    }
}

#[test]
fn field_that_was_handed_out_cannot_be_changed() {
    for bed in beds() {
        let form = signed_with_callback(&bed);
        let others = Callback::new("http://127.0.0.1:1/", "b").unwrap().encode().unwrap().callback;
        for (name, value) in &form.fields {
            let changed = match name.as_str() {
                "callback" => others.clone(),
                "key" => "dir/other".to_owned(),
                _ => format!("{value}1"),
            };
            let mut tampered = form.clone();
            tampered.set_field(name, &changed).unwrap();
            let outcome = post(&tampered);
            assert_ended(&outcome, Status::Service, Stored::No);
            let without: Vec<(String, String)> =
                form.fields.iter().filter(|(other, _)| other != name).cloned().collect();
            let outcome = post(&PostForm { fields: without, ..form.clone() });
            assert_eq!(outcome.stored, Stored::No, "without {name}: {}", outcome.message);
        }
        assert_eq!(bed.callbacks(), 0);
    }
}

fn with_field(form: &PostForm, name: &str, value: &str) -> PostForm {
    let mut form = form.clone();
    form.set_field(name, value).unwrap();
    form
}

#[test]
fn callback_can_be_added_to_a_form_without_one_only_if_its_policy_says_so() {
    for bed in beds() {
        let callback = Callback::new(&bed.application.url(), "object=${object}").unwrap();
        let callback = callback.encode().unwrap().callback;
        let mut policy = policy();
        let form = signed(&bed, &policy);
        assert!(form.fields.contains(&("callback".to_owned(), String::new())), "{}", form.to_json());
        assert_refused(&post(&with_field(&form, "callback", &callback)), "AccessDenied");
        assert_eq!(bed.callbacks(), 0);
        let outcome = post(&handed_on(&form));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!(outcome.http_status, 204);

        policy.allow_any_callback(true);
        let form = signed(&bed, &policy);
        assert!(form.fields.iter().all(|(name, _)| name != "callback"));
        bed.application.answer(Answer::json("{}"));
        let outcome = post(&with_field(&form, "callback", &callback));
        assert_ended(&outcome, Status::Ok, Stored::Yes);
        assert_eq!((outcome.body.as_slice(), bed.callbacks()), (b"{}".as_slice(), 1));
        assert_ended(&post(&form), Status::Ok, Stored::Yes);

        policy.allow_any_callback(false);
        assert_refused(&post(&with_field(&signed(&bed, &policy), "callback", &callback)), "AccessDenied");
    }
}

/// The field is there, and is no callback whose fate would have to be told.
#[test]
fn lost_reply_to_a_form_with_an_empty_callback_is_sent_again() {
    let bed = Bed::new();
    let form = signed(&bed, &policy());
    bed.fault("PostObject", Action::CloseWithoutReply);
    assert_ended(&post(&form), Status::Ok, Stored::Yes);
    assert_eq!(bed.requests("PostObject"), 2);
}

#[test]
fn every_key_arrives_as_it_is_in_a_form() {
    for bed in beds() {
        for key in
            ["a\nb", "a\r\n\r\n--b--\r\n", "\"a\"; name=\"b\"", "a%0Ab", "${a}", "$filename{}", "a b+ä"]
        {
            let mut exact = PostPolicy::default();
            exact.set_key(key).unwrap();
            let mut open = PostPolicy::default();
            open.set_key_prefix("").unwrap();
            for form in [signed(&bed, &exact), with_field(&signed(&bed, &open), "key", key)] {
                assert_ended(&post(&handed_on(&form)), Status::Ok, Stored::Yes);
                bed.emulator.object(BUCKET, key).unwrap_or_else(|| panic!("{key:?} is stored"));
                assert_eq!(bed.emulator.keys(BUCKET), [key]);
            }
            bed.bucket.remove(key);
        }
    }
}

/// OSS puts the file's name there, which is not what the key says.
#[test]
fn key_that_would_be_replaced_is_refused_and_nothing_is_sent() {
    let bed = Bed::new();
    let mut policy = PostPolicy::default();
    policy.set_key_prefix("dir/").unwrap();
    let mut form = signed(&bed, &policy);
    let mistake = form.set_field("Key", "dir/${filename}").unwrap_err().to_string();
    assert!(mistake.contains("${filename}") && mistake.contains("replaces"), "{mistake}");
    form.fields.push(("key".to_owned(), "dir/${filename}".to_owned()));
    assert_ended(&post(&form), Status::InvalidArgument, Stored::No);
    assert_eq!(bed.requests("PostObject"), 0);
}

/// What a browser sends, by hand: the name of the file is the browser's.
#[test]
fn oss_replaces_the_name_of_the_file_after_it_has_looked_at_the_policy() {
    for (name, key) in [("a;b c.txt", "dir/a;b c.txt-a;b c.txt"), ("../x", "dir/../x-../x"), ("", "dir/-")] {
        let bed = Bed::new();
        let mut policy = PostPolicy::default();
        policy.set_key_prefix("dir/$").unwrap();
        let form = signed(&bed, &policy);
        let mut fields = form.fields.clone();
        fields.push(("key".to_owned(), "dir/${filename}-${filename}".to_owned()));
        let mut body = String::new();
        for (name, value) in &fields {
            body.push_str(&format!(
                "--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        body.push_str(&format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\ndata\r\n--b--\r\n"
        ));
        let reply = posted(&form.url, &body);
        assert!(reply.starts_with("HTTP/1.1 204"), "{reply}");
        assert_eq!(bed.emulator.keys(BUCKET), [key]);
    }
}

/// The reply to a form that is sent as it is.
fn posted(url: &str, body: &str) -> String {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(
        stream,
        "POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: multipart/form-data; boundary=b\r\n\
         Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .unwrap();
    let mut reply = String::new();
    stream.read_to_string(&mut reply).unwrap();
    reply
}

#[test]
fn policy_that_was_tampered_with_is_refused() {
    for bed in beds() {
        let form = signed(&bed, &policy());
        let (_, policy) = form.fields.iter().find(|(name, _)| name == "policy").unwrap();
        let json = String::from_utf8(BASE64_STANDARD.decode(policy).unwrap()).unwrap();
        let wider = BASE64_STANDARD.encode(json.replace(KEY, "dir/other"));
        let mut tampered = form.clone();
        tampered.set_field("policy", &wider).unwrap();
        tampered.set_field("key", "dir/other").unwrap();
        assert_refused(&post(&tampered), "SignatureDoesNotMatch");
    }
}

#[test]
fn expired_form_is_refused_by_oss() {
    for bed in beds() {
        let form = bed.bucket.sign_post_policy(&policy(), None, 1).unwrap();
        bed.emulator.set_clock_offset_s(60);
        assert_refused(&post(&form), "AccessDenied");
    }
}

#[test]
fn temporary_credentials_sign_forms_too() {
    const TOKEN: &str = "sts+token/with=odd&chars";
    for version in [SignatureVersion::V1, SignatureVersion::V4] {
        let emulator = oss_emulator::Emulator::start(oss_emulator::Config {
            credentials: vec![oss_emulator::Credential::temporary(
                DEFAULT_ACCESS_KEY_ID,
                DEFAULT_ACCESS_KEY_SECRET,
                TOKEN,
            )],
            ..oss_emulator::Config::default()
        })
        .unwrap();
        let credentials = Credentials::new(DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, Some(TOKEN));
        let mut options = BucketOptions::default();
        options.set_region("cn-hangzhou").unwrap();
        options.set_signature(version);
        let bucket =
            Bucket::new(&emulator.endpoint(), BUCKET, Arc::new(credentials.unwrap()), &options).unwrap();
        let form = bucket.sign_post_policy(&policy(), None, LIFE_S).unwrap();
        assert_ended(&post(&form), Status::Ok, Stored::Yes);
    }
}

#[test]
fn policy_has_to_say_something_of_the_key_and_lives_only_so_long() {
    for (bed, longest) in beds().into_iter().zip([366 * 24 * 3600, 7 * 24 * 3600]) {
        let sign = |policy: &PostPolicy, life_s| {
            let Err(outcome) = bed.bucket.sign_post_policy(policy, None, life_s) else {
                panic!("it is signed for {life_s} s")
            };
            assert_ended(&outcome, Status::InvalidArgument, Stored::No);
            outcome.message
        };
        assert!(sign(&PostPolicy::default(), LIFE_S).contains("key"));
        for wrong in [0, longest + 1, u64::MAX] {
            assert!(sign(&policy(), wrong).contains(&longest.to_string()));
        }
        let form = bed.bucket.sign_post_policy(&policy(), None, longest).unwrap();
        assert!(form.expires.is_some());
    }
}

#[test]
fn values_that_cannot_be_right_are_refused_and_change_nothing() {
    let mut policy = PostPolicy::default();
    for wrong in ["", "/a", "\\a", "a/${filename}"] {
        assert!(policy.set_key(wrong).is_err(), "{wrong}");
        assert!(wrong.is_empty() || policy.set_key_prefix(wrong).is_err(), "{wrong}");
    }
    assert!(policy.set_length_range(2, 1).is_err());
    assert!(policy.set_length_range(0, (5 << 30) + 1).is_err());
    for name in ["", "a b", "Key", "FILE", "callback", "x:user", "Signature", "x-oss-date", "OSSAccessKeyId"]
    {
        assert!(policy.add_field(name, "v").is_err(), "{name}");
        assert!(policy.add_field_prefix(name, "v").is_err(), "{name}");
    }
    assert!(policy.add_field("a", "b\r\nc").is_err());
    assert!(Bed::new().bucket.sign_post_policy(&policy, None, LIFE_S).is_err());

    let mut form = PostForm::from_url("http://bucket.example.com/").unwrap();
    for (name, value) in
        [("file", "x"), ("", "x"), ("x:", "x"), ("key", "/a"), ("key", "${filename}"), ("a", "b\nc")]
    {
        assert!(form.set_field(name, value).is_err(), "{name}");
    }
    assert!(form.fields.is_empty());
    let outcome = post(&form);
    assert_ended(&outcome, Status::InvalidArgument, Stored::No);
    assert!(outcome.message.contains("key"), "{}", outcome.message);
}
