//! Handles kept by name, so that counting on the hot path is one look-up without allocation.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use hookyard_model::Name;

use super::table::Label;

/// How many names have handles of their own. What comes later shares one.
pub(super) const MOST: usize = 1000;
/// The label of those that share.
const OTHER: Label = Label::Word("(other)");

/// Handles by name, made when a name is first seen.
pub(super) struct Roster<T> {
    handles: RwLock<HashMap<Name, Arc<T>>>,
    make: Box<dyn Fn(Label) -> T + Send + Sync>,
}

impl<T> Roster<T> {
    pub(super) fn new(make: impl Fn(Label) -> T + Send + Sync + 'static) -> Self {
        Self { handles: RwLock::default(), make: Box::new(make) }
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<Name, Arc<T>>> {
        self.handles.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<Name, Arc<T>>> {
        self.handles.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handles of a name, if it has any.
    pub(super) fn get(&self, name: &Name) -> Option<Arc<T>> {
        self.read().get(name).cloned()
    }

    /// The handles of a name that is known to be in the configuration.
    pub(super) fn of(&self, name: &Name) -> Arc<T> {
        if let Some(found) = self.get(name) {
            return found;
        }
        let mut handles = self.write();
        let label = if handles.len() < MOST { Label::Name(name.clone()) } else { OTHER };
        if label == OTHER {
            return Arc::new((self.make)(OTHER));
        }
        Arc::clone(handles.entry(name.clone()).or_insert_with(|| Arc::new((self.make)(label))))
    }

    /// Forgets the names that `keep` says no to, and gives back their handles.
    pub(super) fn retain(&self, keep: impl Fn(&Name, &T) -> bool) -> Vec<Arc<T>> {
        let mut gone = Vec::new();
        self.write().retain(|name, handle| {
            let stays = keep(name, handle);
            if !stays {
                gone.push(Arc::clone(handle));
            }
            stays
        });
        gone
    }

    /// All names that have handles, with them.
    pub(super) fn all(&self) -> Vec<(Name, Arc<T>)> {
        self.read().iter().map(|(name, handle)| (name.clone(), Arc::clone(handle))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_a_bounded_number_of_names() {
        let roster = Roster::new(|label| label);
        for index in 0..MOST + 5 {
            roster.of(&Name::new(&format!("name-{index}")).unwrap());
        }
        let late = Name::new("late").unwrap();
        assert_eq!(*roster.of(&late), OTHER);
        assert_eq!(roster.all().len(), MOST);
        let gone = roster.retain(|name, _| name.as_str() == "name-7");
        assert_eq!((gone.len(), roster.all().len()), (MOST - 1, 1));
        assert_eq!(*roster.of(&late), Label::Name(late));
    }
}
