package oauth

import (
	"context"
	"sync"
	"time"
)

const (
	// requestsPerSecond is GoTo's limit for each of its APIs (GoTo guide "Rate limits").
	requestsPerSecond = 10
	// second is a little longer than a second, because requests do not all travel equally fast.
	second = 1050 * time.Millisecond
)

// turns keeps a process within [requestsPerSecond]. The server then serves many logins one after the other, instead of
// turning them away together. The zero value is ready to use.
type turns struct {
	once sync.Once
	free chan struct{}
}

// turn is the right to send one request.
type turn struct{ end func() }

// take waits for a turn, or until ctx is done. The caller calls end when the request has been sent, or will not be; a
// second later the turn is free again. Further calls of end do nothing.
func (t *turns) take(ctx context.Context) (*turn, error) {
	t.once.Do(func() {
		t.free = make(chan struct{}, requestsPerSecond)
		for range requestsPerSecond {
			t.free <- struct{}{}
		}
	})
	select {
	case <-t.free:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return &turn{end: sync.OnceFunc(func() {
		time.AfterFunc(second, func() { t.free <- struct{}{} })
	})}, nil
}
