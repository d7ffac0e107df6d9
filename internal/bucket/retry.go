package bucket

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"
)

// maxAttempts limits the attempts if the store fails. If the store only asks for fewer requests, the budget is the
// limit, because Google accepts only about one write per second and object.
const maxAttempts = 3

// run sends a request, retries it if that may help, and explains the last failure.
func (b *Bucket) run(ctx context.Context, operation Operation, name string, request func(context.Context, driver, string) error) error {
	if !validName().MatchString(name) && operation != List {
		return b.fail(operation, "…", failure{reason: Misconfigured, detail: "invalid object name"})
	}
	driver, err := b.driver()
	if err != nil {
		reason := Misconfigured
		if _, ok := errors.AsType[*credentialsError](err); ok {
			reason = NoCredentials
		}
		return b.fail(operation, name, failure{reason: reason, detail: clean(err.Error())})
	}
	budget, cancel := context.WithTimeout(ctx, b.budget)
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
			failed.reason = Conflict // S3's answer for an object that has been removed
		case operation == Write && failed.status == http.StatusNotImplemented:
			failed.reason = Unconditional
		}
		ambiguous = ambiguous || operation == Write && failed.maybeWritten()
		if budget.Err() != nil && failed.status == 0 && previous != nil {
			failed = previous // an answer says more than a timeout
		}
		if failed.retryable(attempt) && wait(budget, max(failed.retryAfter, backoff(attempt))) {
			previous = failed
			continue
		}
		if errors.Is(ctx.Err(), context.Canceled) && (failed.status == 0 || failed.retryable(attempt)) {
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

// attempt sends a request once. The timeout does not include obtaining credentials, which may require a slow program.
func (b *Bucket) attempt(ctx context.Context, driver driver, request func(context.Context) error) *failure {
	if ctx.Err() != nil {
		return &failure{reason: NoAnswer}
	}
	if err := driver.authorize(ctx); err != nil {
		return &failure{reason: NoCredentials, detail: clean(err.Error())}
	}
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
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

// retryable reports whether another attempt may succeed.
func (f failure) retryable(attempt int) bool {
	switch f.reason {
	case Busy:
		return true
	case Broken, NoAnswer, Unreachable:
		return attempt < maxAttempts
	case ClockSkew:
		return attempt == 1 // the AWS SDK corrects its clock from the answer
	}
	return false
}

// backoff returns how long to wait after an attempt. It is random, so that writers that collided don't collide again.
func backoff(attempt int) time.Duration {
	longest := min(100*time.Millisecond<<min(attempt-1, 10), 3*time.Second)
	return longest/2 + rand.N(longest/2) //nolint:gosec // guessing it gains nothing
}

// wait waits and returns true, or returns false if ctx ends first. If the deadline of ctx is earlier, it returns false
// immediately.
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
