package standin

import (
	"net/http"
	"strconv"
	"time"
)

// limit is a rate limit. It remembers when requests were allowed in the last second.
type limit struct{ allowed []time.Time }

// allows reports whether another request is within the limit of perSecond, and if so, counts it. It is at least as
// strict as a limit by calendar seconds or a token bucket.
func (l *limit) allows(perSecond int, now time.Time) bool {
	for len(l.allowed) > 0 && now.Sub(l.allowed[0]) >= time.Second {
		l.allowed = l.allowed[1:]
	}
	if len(l.allowed) >= perSecond {
		return false
	}
	l.allowed = append(l.allowed, now)
	return true
}

// limited answers with 429 if [Behavior.RequestsPerSecond] is exceeded, and reports whether it has.
func (s *Server) limited(w http.ResponseWriter) bool {
	now := s.now()
	s.mu.Lock()
	perSecond, retryAfter := s.behavior.RequestsPerSecond, s.behavior.RetryAfter
	exceeded := perSecond > 0 && !s.limit.allows(perSecond, now)
	if exceeded {
		s.counts.TurnedAway++
	}
	s.mu.Unlock()
	if !exceeded {
		return false
	}
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	}
	http.Error(w, "Too Many Requests", http.StatusTooManyRequests)
	return true
}
