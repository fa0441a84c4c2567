//! What others upload with: URLs and forms that somebody signed.

mod form_data;
mod post_form;
mod post_policy;
mod presign;
mod put_to_url;

pub use post_form::PostForm;
pub use post_policy::PostPolicy;
pub use presign::Presigned;
