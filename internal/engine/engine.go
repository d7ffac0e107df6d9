// Package engine turns a credential into a valid access token. Across all processes that share a token cache, it sends
// one request for any number of callers, sends no code twice and loses no replaced refresh token.
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

// Engine hands out tokens. All fields except Log are required. An engine must not be copied.
type Engine struct {
	Endpoint *oauth.TokenEndpoint
	Cache    *cache.Cache
	Now      func() time.Time
	// Log receives the engine's decisions, without secrets. Nothing is logged if it is nil.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	mutex    sync.Mutex
	sessions map[cache.Key]*session
}

// Request asks for a token.
type Request struct {
	Client oauth.Client
	// Grant is the configured credential. If it has no type, the login stored under Profile is used.
	Grant oauth.Grant
	// State is the state that was returned with the code, or empty. If it belongs to a sign-in that this provider has
	// requested, that sign-in must be pending for Profile, and its code verifier is used.
	State string
	// Profile is the name under which the login is stored, or empty.
	Profile string
	// MinValidity is how long the token must be valid from now on.
	MinValidity time.Duration
	// Private asks for an access token for this call alone, which is neither stored nor given to another caller. The
	// refresh token is stored as usual.
	Private bool
	// Refused is an access token that an API has refused as expired, whatever its dates say. It is not handed out
	// again. It is usually empty.
	Refused secret.Value
}

// Token returns the login for request, with an access token that is valid for MinValidity. The error is of one of the
// types in error.go or an [*oauth.TokenError].
//
// If the cache has a valid token, Token only reads. A call that has to ask GoTo claims the entry, reads it again,
// refreshes or exchanges, stores the result, and ends the claim.
func (e *Engine) Token(ctx context.Context, request Request) (Login, []Warning, error) {
	if err := e.check(request); err != nil {
		return Login{}, nil, err
	}
	began := e.Now()
	s, login, warnings, err := e.login(ctx, request, began)
	if err != nil {
		return Login{}, warnings, err
	}
	if request.Profile != "" && request.Grant.Type != "" && !s.isUnsaved() {
		warnings = append(warnings, e.storeProfile(ctx, request, s, *login)...)
	}
	if end := login.RefreshTokenExpiresAt; e.Now().Before(end) && end.Sub(e.Now()) < expiryNotice {
		warnings = append(warnings, ExpiringLoginWarning{At: end})
	}
	if left := login.ExpiresAt.Sub(e.Now()); left < request.MinValidity {
		warnings = append(warnings, ShortTokenWarning{Left: left})
	}
	return *login, warnings, nil
}

// expiryNotice is how long before the expiry of a refresh token a warning appears. GoTo usually replaces it
// before that, when it is used after day 18 of its 30 days.
const expiryNotice = 7 * 24 * time.Hour

// check returns an error if request has no credential, or is impossible with the cache off.
func (e *Engine) check(request Request) error {
	switch {
	case request.Grant.Type == "" && request.Profile == "":
		return &NoCredentialError{}
	case e.Cache.Persistent():
		return nil
	case request.Grant.Type == oauth.AuthorizationCode:
		return &CacheRequiredError{Grant: oauth.AuthorizationCode}
	case request.Profile != "":
		return &CacheRequiredError{}
	}
	return nil
}

// login returns the session for request, and its login with a token that answers the request.
func (e *Engine) login(ctx context.Context, request Request, began time.Time) (*session, *Login, []Warning, error) {
	var first *entry
	for {
		s, found, warnings, err := e.find(ctx, request)
		if err != nil {
			return nil, nil, warnings, err
		}
		if first == nil {
			first = &found
		}
		if asked := found.login.askedFor(request); asked != nil {
			return nil, nil, warnings, &SignInError{Profile: request.Profile, AskedFor: asked}
		}
		if request.accepts(found.login, e.Now()) {
			login, more := s.saveAgain(ctx, request, found.login)
			return s, login, append(warnings, more...), nil
		}
		login, renewed, warnings, err := s.obtain(ctx, request, *first, began)
		if errors.Is(err, errOvertaken) {
			continue
		}
		if asked := login.askedFor(request); asked != nil { // another block has sent the code in the meantime
			err = &SignInError{Profile: request.Profile, AskedFor: asked}
		}
		if renewed { // callers that are served from the cache do not wait for pruning
			e.prune(ctx)
		}
		return s, login, warnings, err
	}
}

// find returns the session for request, and its stored entry. If the process knows a login that answers the request,
// nothing is read. If many blocks ask at once, only one reads.
func (e *Engine) find(ctx context.Context, request Request) (*session, entry, []Warning, error) {
	start := e.session(e.startKey(request), request.Client.Secret)
	if s, known, found := start.answer(request); found {
		return s, known, nil, nil
	}
	unlock, err := start.readMutex.lock(ctx)
	if err != nil {
		return nil, entry{}, nil, &CanceledError{Waiting: true, Err: err}
	}
	defer unlock()
	if s, known, found := start.answer(request); found {
		return s, known, nil, nil
	}
	s, stored, warnings, err := e.follow(start, func(s *session) (entry, []Warning, error) { return s.load(ctx, request, nil) })
	if err == nil && request.Grant.Type == "" && s == start {
		return nil, entry{}, nil, e.noLogin(request.Profile, warnings)
	}
	return s, stored, warnings, err
}

// startKey returns the key of the entry at which the search for a login begins.
func (e *Engine) startKey(request Request) cache.Key {
	if request.Grant.Type == "" {
		return e.profileKey(request.Client, request.Profile)
	}
	return e.credentialKey(request.Client.ID, request.Grant)
}

// credentialKey returns the key of a credential's entry. It depends only on the authorization server, the client and
// the credential itself.
func (e *Engine) credentialKey(clientID string, grant oauth.Grant) cache.Key {
	return cache.NewKey("credential", e.Endpoint.Server.String(), clientID, string(grant.Type), grant.Credential.Reveal())
}

// follow returns the session that start leads to, and its entry. It calls read to get the entry of a session.
func (e *Engine) follow(start *session, read func(*session) (entry, []Warning, error)) (*session, entry, []Warning, error) {
	s := start
	for hops := 0; ; hops++ {
		found, warnings, err := read(s)
		if err != nil || found.leadsTo == nil {
			return s, found, warnings, err
		}
		if hops == maxHops {
			return s, entry{}, nil, &CacheError{Err: &cache.UnreadableError{Path: e.Cache.Locate(s.key), Reason: "its links form a loop; remove it"}}
		}
		s = s.follow(found)
	}
}

// maxHops is how many links may lead from entry to entry. Usually one leads to the login. There may be two if the login
// began before its refresh token led to it.
const maxHops = 4

// accepts reports whether the stored login, which is nil if there is none, answers the request.
func (r Request) accepts(stored *Login, now time.Time) bool {
	return stored != nil && !r.Private && stored.valid(now, r.MinValidity) && !stored.AccessToken.Equal(r.Refused)
}

// end ends a claim.
func (e *Engine) end(ctx context.Context, claim *cache.Claim) {
	if err := claim.End(); err != nil {
		e.log(ctx, "ending the claim of a cache entry failed", map[string]any{"error": err.Error()})
	}
}

func (e *Engine) prune(ctx context.Context) {
	if err := e.Cache.Prune(ctx); err != nil {
		e.log(ctx, "removing unused cache entries failed", map[string]any{"error": err.Error()})
	}
}

func (e *Engine) log(ctx context.Context, message string, fields map[string]any) {
	if e.Log != nil {
		e.Log(ctx, message, fields)
	}
}

// isEnded reports whether err means that the credential that was sent is no longer accepted.
func isEnded(err error) bool {
	var refused *oauth.TokenError
	return errors.As(err, &refused) && refused.Outcome == oauth.Refused && refused.Code == oauth.InvalidGrant
}
