//! What the deliveries of one upload have in common, and no delivery of another has: an id that OSS sends along in a variable.
//! An application server may hear of an upload more than once, and tells by it that it has heard already.

use super::{Callback, Values, check};
use crate::wire::mistake::{Mistake, shown};
use crate::wire::random_id::random_id;
use std::borrow::Cow;

impl Callback {
    /// Names the variable that holds an id of the delivery.
    pub fn set_delivery_variable(&mut self, name: &str) -> Result<(), Mistake> {
        check::check_variable_name(name)?;
        if self.delivery_variable.is_some() {
            return Err(Mistake::new("the delivery variable is set twice"));
        }
        if self.value_of(name).is_some() {
            return Err(Mistake::new(format!("the callback variable {} has a value already", shown(name))));
        }
        self.delivery_variable = Some(name.to_owned());
        Ok(())
    }

    /// The variable that holds the id, if there is one.
    pub fn delivery_variable(&self) -> Option<&str> {
        self.delivery_variable.as_deref()
    }

    /// The id, once it was drawn.
    pub fn delivery_id(&self) -> Option<&str> {
        self.value_of(self.delivery_variable()?)
    }

    /// This callback as it is delivered for one upload: with an id, which is drawn unless it has one.
    pub fn delivered(&self) -> Result<Cow<'_, Callback>, Mistake> {
        match self.delivery_variable.is_some() && self.delivery_id().is_none() {
            true => Ok(self.delivered_as(&random_id()?)),
            false => Ok(Cow::Borrowed(self)),
        }
    }

    /// The same with this id, unless it has one.
    pub fn delivered_as(&self, id: &str) -> Cow<'_, Callback> {
        match &self.delivery_variable {
            Some(name) if self.value_of(name).is_none() => {
                let mut delivered = self.clone();
                delivered.variables.push((name.clone(), id.to_owned()));
                Cow::Owned(delivered)
            }
            _ => Cow::Borrowed(self),
        }
    }

    /// What the body tells that is known of a delivery before it is made.
    pub(crate) fn delivery_values(&self) -> Values {
        let mut values = Values::default();
        if let (Some(name), Some(id)) = (self.delivery_variable(), self.delivery_id()) {
            values.put(name, id);
        }
        values
    }

    fn value_of(&self, variable: &str) -> Option<&str> {
        self.variables.iter().find(|(name, _)| name == variable).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callback() -> Callback {
        let mut callback = Callback::new("http://a.example.com", "d=${x:delivery}").unwrap();
        callback.set_delivery_variable("x:delivery").unwrap();
        callback
    }

    #[test]
    fn an_id_is_drawn_for_each_upload_and_kept_then() {
        let callback = callback();
        assert_eq!((callback.delivery_variable(), callback.delivery_id()), (Some("x:delivery"), None));
        let first = callback.delivered().unwrap();
        assert_ne!(first.delivery_id(), callback.delivered().unwrap().delivery_id());
        assert_eq!(first.delivered().unwrap(), first);
        assert_eq!(first.delivered_as("other"), first);
        assert_eq!(callback.delivered_as("1").delivery_id(), Some("1"));
    }

    #[test]
    fn without_the_variable_nothing_is_drawn() {
        let callback = Callback::new("http://a.example.com", "b").unwrap();
        assert!(matches!(callback.delivered().unwrap(), Cow::Borrowed(_)));
        assert_eq!(callback.delivered_as("1").delivery_id(), None);
        assert_eq!(callback.delivery_values(), Values::default());
    }

    #[test]
    fn the_body_may_name_it_and_whatever_is_encoded_has_it() {
        let callback = callback();
        let [first, second] = [(); 2].map(|()| callback.encode_with_variables().unwrap());
        assert_eq!(first.callback, second.callback);
        assert!(first.variables.is_some());
        assert_ne!(first.variables, second.variables);
        let delivered = callback.delivered().unwrap();
        assert_eq!(delivered.encode().unwrap(), delivered.encode().unwrap());
    }

    #[test]
    fn the_body_is_made_with_the_id_that_was_sent() {
        let callback = callback();
        assert!(callback.render(&Values::default()).unwrap_err().to_string().contains("x:delivery"));
        assert_eq!(callback.render(&callback.delivered_as("12").delivery_values()).unwrap(), "d=12");
    }

    #[test]
    fn it_is_a_variable_like_others() {
        let mut callback = callback();
        for (name, rule) in [("x:other", "twice"), ("delivery", "begins with x:")] {
            assert!(callback.set_delivery_variable(name).unwrap_err().to_string().contains(rule), "{name}");
        }
        assert!(callback.add_variable("x:delivery", "1").unwrap_err().to_string().contains("twice"));
        let mut callback = Callback::with_policy("p").unwrap();
        callback.add_variable("x:delivery", "1").unwrap();
        assert!(
            callback.set_delivery_variable("x:delivery").unwrap_err().to_string().contains("value already")
        );
        callback.set_delivery_variable("x:another").unwrap();
    }

    #[test]
    fn a_callback_can_be_kept_in_a_record() {
        for callback in
            [callback(), callback().delivered().unwrap().into_owned(), Callback::with_policy("p").unwrap()]
        {
            let kept = serde_json::to_string(&callback).unwrap();
            assert_eq!(serde_json::from_str::<Callback>(&kept).unwrap(), callback);
        }
    }
}
