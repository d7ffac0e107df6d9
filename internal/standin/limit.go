package standin

import (
	"net/http"
	"strconv"
	"time"
)

// limit counts the token requests let through in the last second.
type limit struct{ let []time.Time }

// allows reports whether one more request is within perSecond, and counts it if so. It is at least as strict as a limit
// by calendar seconds or a token bucket.
func (l *limit) allows(perSecond int, now time.Time) bool {
	for len(l.let) > 0 && now.Sub(l.let[0]) >= time.Second {
		l.let = l.let[1:]
	}
	if len(l.let) >= perSecond {
		return false
	}
	l.let = append(l.let, now)
	return true
}

// turnedAway answers 429 if [Behavior.RequestsPerSecond] is exceeded.
func (s *Server) turnedAway(w http.ResponseWriter) bool {
	now := s.now()
	s.mu.Lock()
	perSecond, retryAfter := s.behavior.RequestsPerSecond, s.behavior.RetryAfter
	away := perSecond > 0 && !s.limit.allows(perSecond, now)
	if away {
		s.counts.TurnedAway++
	}
	s.mu.Unlock()
	if !away {
		return false
	}
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	http.Error(w, "Too Many Requests", http.StatusTooManyRequests)
	return true
}
