package engine

import "time"

// valid reports whether the access token may be handed out: it must be valid for minValidity from now. A token whose
// whole lifetime is shorter than that counts as valid for the first half of it. Otherwise, every call would request
// another one.
func (l Login) valid(now time.Time, minValidity time.Duration) bool {
	if l.AccessToken.IsEmpty() || now.Before(l.IssuedAt.Add(-clockTolerance)) {
		return false // in the second case the clock was set back, so the time left is unknown
	}
	life := l.ExpiresAt.Sub(l.IssuedAt)
	if life <= minValidity {
		minValidity = life / 2
	}
	left := l.ExpiresAt.Sub(now)
	return left > 0 && left >= minValidity
}

// clockTolerance is how far apart the clocks of two machines that share a cache may be.
const clockTolerance = time.Minute
