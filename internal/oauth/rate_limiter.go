package oauth

import (
	"context"
	"sync"
	"time"
)

const (
	// requestsPerSecond is GoTo's limit for each of its APIs (GoTo guide "Rate limits").
	requestsPerSecond = 10
	// rateWindow is a little longer than a second, because some requests travel faster than others.
	rateWindow = 1050 * time.Millisecond
)

// rateLimiter keeps a process within [requestsPerSecond]. With many logins, the server then serves one after the other,
// instead of refusing most of them with 429. The zero value is ready to use.
type rateLimiter struct {
	once sync.Once
	free chan struct{}
}

// slot is the right to send one request.
type slot struct{ release func() }

// acquire waits for a slot, or until ctx is done. The caller releases the slot when the request has been sent or will
// not be sent. The slot is free again after [rateWindow]. Releasing it a second time does nothing.
func (l *rateLimiter) acquire(ctx context.Context) (*slot, error) {
	l.once.Do(func() {
		l.free = make(chan struct{}, requestsPerSecond)
		for range requestsPerSecond {
			l.free <- struct{}{}
		}
	})
	select {
	case <-l.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &slot{release: sync.OnceFunc(func() {
		time.AfterFunc(rateWindow, func() { l.free <- struct{}{} })
	})}, nil
}
