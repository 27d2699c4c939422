//! How many requests one server gets at the same time: more while it answers well, fewer when it says that it is too many.

use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Good pages until there may be one request more.
const GOOD: u32 = 10;

/// The requests in flight.
pub(crate) struct Pace {
    turns: Semaphore,
    state: Mutex<State>,
}

struct State {
    allowed: usize,
    most: usize,
    /// Turns in use that will not be given again.
    surplus: usize,
    good: u32,
}

impl Pace {
    /// Begins with `start` requests at the same time and goes up to twice as many.
    pub(crate) fn new(start: usize) -> Self {
        let allowed = start.max(1);
        let state = State { allowed, most: allowed * 2, surplus: 0, good: 0 };
        Pace { turns: Semaphore::new(allowed), state: Mutex::new(state) }
    }

    /// Waits until another request may be sent; it may last as long as what is given here.
    pub(crate) async fn turn(&self) -> Turn<'_> {
        // The semaphore is never closed.
        Turn { pace: self, permit: self.turns.acquire().await.ok() }
    }

    /// Notes that a page was read well.
    pub(crate) fn good(&self) {
        let mut state = self.state();
        state.good += 1;
        if state.good >= GOOD && state.allowed < state.most {
            (state.good, state.allowed) = (0, state.allowed + 1);
            if state.surplus > 0 {
                state.surplus -= 1;
            } else {
                self.turns.add_permits(1);
            }
        }
    }

    /// Notes that the server was asked too much.
    pub(crate) fn too_much(&self) {
        let mut state = self.state();
        let fewer = state.allowed - (state.allowed / 2).max(1);
        (state.good, state.allowed) = (0, state.allowed - fewer);
        state.surplus += fewer - self.turns.forget_permits(fewer);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to have one request in flight.
pub(crate) struct Turn<'a> {
    pace: &'a Pace,
    permit: Option<SemaphorePermit<'a>>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let mut state = self.pace.state();
        if state.surplus > 0
            && let Some(permit) = self.permit.take()
        {
            state.surplus -= 1;
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GOOD, Pace};

    fn free(pace: &Pace) -> usize {
        pace.turns.available_permits()
    }

    #[tokio::test]
    async fn a_server_that_is_well_gets_more_and_one_that_is_not_gets_half() {
        let pace = Pace::new(4);
        (0..GOOD * 10).for_each(|_| pace.good());
        assert_eq!(free(&pace), 8);
        pace.too_much();
        assert_eq!(free(&pace), 4);
        (0..5).for_each(|_| pace.too_much());
        assert_eq!(free(&pace), 1);
    }

    #[tokio::test]
    async fn turns_in_use_are_not_given_again() {
        let pace = Pace::new(4);
        let turns = [pace.turn().await, pace.turn().await, pace.turn().await];
        pace.too_much();
        assert_eq!(free(&pace), 0);
        drop(turns);
        assert_eq!(free(&pace), 2);
    }
}
