package engine

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// session is an entry of the cache, for a credential or for a name that leads to one, and what this process knows about
// it. Each client secret has its own sessions.
type session struct {
	engine *Engine
	key    cache.Key
	sealer secret.Value
	// readMutex is held while the entry is read, and claimMutex while it is claimed.
	readMutex, claimMutex contextMutex

	mutex sync.Mutex
	// known is what was read or written last.
	known entry
	// unsaved reports whether storing the login of known has failed. This process continues with it, and every use
	// tries to store it again, unless a newer one has been stored.
	unsaved bool
	// answered are the requests of this process whose answers were not lost.
	answered []answeredRequest
	// busy is the last error of waiting for another process, and busyAt is when it happened.
	busy   *BusyError
	busyAt time.Time
}

// session returns the session for key and a client secret.
func (e *Engine) session(key cache.Key, sealer secret.Value) *session {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.sessions == nil {
		e.sessions = map[cache.Key]*session{}
	}
	id := cache.NewKey("session", key.String(), sealer.Reveal())
	s := e.sessions[id]
	if s == nil {
		s = &session{engine: e, key: key, sealer: sealer, readMutex: newContextMutex(), claimMutex: newContextMutex()}
		e.sessions[id] = s
	}
	return s
}

// follow returns the session that found leads to, or s itself if it leads nowhere.
func (s *session) follow(found entry) *session {
	if found.leadsTo == nil {
		return s
	}
	return s.engine.session(*found.leadsTo, s.sealer)
}

// answer returns the session that s leads to with its login, if this process knows one that answers the request.
func (s *session) answer(request Request) (*session, entry, bool) {
	to := s.follow(s.remembered())
	known := to.remembered()
	return to, known, known.login != nil && request.accepts(known.login, s.engine.Now())
}

// remembered returns what this process knows without reading.
func (s *session) remembered() entry {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.known
}

// remember records what this process knows, and whether storing its login has failed.
func (s *session) remember(known entry, unsaved bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.known, s.unsaved = known, unsaved
}

func (s *session) isUnsaved() bool {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.unsaved
}

// answeredRequest is the intent of a request, and what was lost before it.
type answeredRequest struct{ intent, lostBefore *Intent }

// recordAnswer records that the answer to the request of intent was not lost. LostBefore is the last one that was lost
// before it.
func (s *session) recordAnswer(intent, lostBefore *Intent) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.answered = append(s.answered, answeredRequest{intent, lostBefore})
}

// load reads the entry. It returns what is stored, with the login that this process could not store if that is newer.
// Claim may be nil.
func (s *session) load(ctx context.Context, request Request, claim *cache.Claim) (entry, []Warning, error) {
	stored, warnings, err := s.stored(ctx, request, claim)
	if err != nil {
		return entry{}, nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for _, own := range s.answered {
		if stored.intent.is(own.intent) { // another process has copied it
			stored.intent = nil
		}
		if stored.lost.is(own.intent) { // another process has marked it as lost
			stored.lost = own.lostBefore
		}
	}
	if s.unsaved && stored.leadsTo == nil && (stored.login == nil || stored.login.Generation < s.known.login.Generation) {
		stored.login = s.known.login
		s.known = stored
		return stored, nil, nil
	}
	s.known, s.unsaved = stored, false
	return stored, warnings, nil
}

// stored returns the entry in the cache, or the zero entry if there is none that can be used.
func (s *session) stored(ctx context.Context, request Request, claim *cache.Claim) (entry, []Warning, error) {
	var text []byte
	var err error
	if claim != nil {
		text, err = claim.Read(ctx, s.sealer)
	} else {
		text, err = s.engine.Cache.Read(ctx, s.key, s.sealer)
	}
	if errors.Is(err, cache.ErrNotFound) {
		return entry{}, nil, nil
	}
	if err == nil {
		var found entry
		if found, err = decodeEntry(text); err == nil {
			return found, nil, nil
		}
		err = &cache.UnreadableError{Path: s.engine.Cache.Locate(s.key), Reason: err.Error()}
	}
	unreadable, ok := errors.AsType[*cache.UnreadableError](err)
	switch {
	case !ok && request.Grant.Type == oauth.PersonalAccessToken:
		return s.remembered(), nil, nil // it works without a cache; storing the result reports what is wrong
	case !ok:
		return entry{}, nil, &CacheError{Err: err}
	case request.Grant.Type == oauth.AuthorizationCode && claim == nil:
		return entry{}, nil, nil // another run may be working with it, so the claim decides
	case request.Grant.Type == oauth.AuthorizationCode:
		// The entry exists because the code was sent. Sending the code again is useless and may revoke a login that
		// another client secret still opens (RFC 6749 section 4.1.2).
		return entry{}, nil, &LoginEndedError{Grant: request.Grant.Type, Err: unreadable}
	}
	return entry{}, []Warning{UnreadableWarning{Err: unreadable}}, nil
}
