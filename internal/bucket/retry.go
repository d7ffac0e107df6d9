package bucket

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// maxAttempts is how often a request is sent to a store that fails. One that merely asks for patience is asked until
// the budget is used up: Google takes about one write per second of an object.
const maxAttempts = 3

// run sends a request, again if that may help, and explains why it failed in the end.
func (b *Bucket) run(ctx context.Context, operation Operation, name string, request func(context.Context, driver, string) error) error {
	if !validName().MatchString(name) && operation != List {
		return b.fail(operation, "…", failure{reason: Misconfigured, detail: "this is no name for an object"})
	}
	driver, err := b.driver()
	if err != nil {
		reason := Misconfigured
		if _, ok := errors.AsType[*credentialsError](err); ok {
			reason = NoCredentials
		}
		return b.fail(operation, name, failure{reason: reason, detail: clean(err.Error())})
	}
	budget, cancel := context.WithTimeout(ctx, b.options.Budget)
	defer cancel()
	ambiguous := false
	var previous *failure
	for attempt := 1; ; attempt++ {
		failed := b.attempt(budget, driver, func(ctx context.Context) error {
			return request(ctx, driver, b.location.key(name))
		})
		switch {
		case failed == nil, operation == Delete && failed.reason == NotFound:
			return nil
		case operation == Write && failed.reason == NotFound:
			failed.reason = Conflict // S3 tells it apart; the object has been removed
		}
		ambiguous = ambiguous || operation == Write && failed.maybeWritten()
		if budget.Err() != nil && failed.status == 0 && previous != nil {
			failed = previous // an answer tells more than that the time is over
		}
		if failed.worthRepeating(attempt) && wait(budget, max(failed.retryAfter, pause(attempt))) {
			previous = failed
			continue
		}
		if ctx.Err() != nil && (failed.status == 0 || failed.worthRepeating(attempt)) {
			failed.reason, failed.cause = Canceled, ctx.Err()
		}
		explained := b.fail(operation, name, *failed)
		explained.Ambiguous = ambiguous
		if attempt > 1 && failed.reason != NotFound && failed.reason != Conflict {
			explained.Problem += fmt.Sprintf("; tried %d times", attempt)
		}
		return explained
	}
}

// attempt sends a request once. Getting credentials may take longer: some programs ask people for them.
func (b *Bucket) attempt(ctx context.Context, driver driver, request func(context.Context) error) *failure {
	if ctx.Err() != nil {
		return &failure{reason: NoAnswer}
	}
	if err := driver.authorize(ctx); err != nil {
		return &failure{reason: NoCredentials, detail: clean(err.Error())}
	}
	ctx, cancel := context.WithTimeout(ctx, b.options.Timeout)
	defer cancel()
	err := request(ctx)
	if err == nil {
		return nil
	}
	if errors.Is(err, errTooLarge) {
		return &failure{reason: TooLarge}
	}
	failed := driver.failure(err)
	return &failed
}

// worthRepeating tells whether the same request may succeed later.
func (f failure) worthRepeating(attempt int) bool {
	switch f.reason {
	case Busy:
		return true
	case Broken, NoAnswer, Unreachable:
		return attempt < maxAttempts
	case ClockSkew:
		return attempt == 1 // the SDK of AWS has learned the difference from the answer
	}
	return false
}

// pause returns how long to wait after an attempt. It is random, so that those who collided do not meet again.
func pause(attempt int) time.Duration {
	longest := min(100*time.Millisecond<<min(attempt-1, 10), 3*time.Second)
	return longest/2 + rand.N(longest/2) //nolint:gosec // nobody gains from guessing it
}

// wait returns false if ctx ends sooner, without waiting for what its deadline rules out.
func wait(ctx context.Context, duration time.Duration) bool {
	if deadline, limited := ctx.Deadline(); limited && time.Until(deadline) < duration {
		return false
	}
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
