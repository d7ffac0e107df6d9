// Package engine turns a credential into a valid access token: one request however many ask, no
// code sent twice, no replaced refresh token lost, across processes that share a token cache.
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

// Engine hands out tokens. All fields but Log are required; an engine must not be copied.
type Engine struct {
	Endpoint *oauth.TokenEndpoint
	Cache    *cache.Cache
	Now      func() time.Time
	// Log is told what the engine decides, without secrets; nil is silent.
	Log func(ctx context.Context, message string, fields ...map[string]any)

	mutex    sync.Mutex
	sessions map[cache.Key]*session
}

// Request asks for a token.
type Request struct {
	Client oauth.Client
	// Grant is the configured credential. Without a type there is none, and the login kept as
	// Profile is used.
	Grant oauth.Grant
	// State is what came back with the code, empty if nothing did. One of a sign-in that this provider has asked for
	// brings the code verifier, and must be pending for Profile.
	State string
	// Profile is the name under which the login is kept, or empty.
	Profile string
	// MinValidity is how long the token must live at least from now on.
	MinValidity time.Duration
	// Private asks for an access token that nobody else is handed, now or later: it is requested
	// for this call and not kept. The refresh token behind it is kept as usual.
	Private bool
	// Refused is an access token that an API has refused as ended, whatever its expiry says. It is
	// not handed out again. Usually empty.
	Refused secret.Value
}

// Token returns the login for request, its access token valid for MinValidity. The error is of
// one of the types in error.go or an [*oauth.TokenError].
//
// A valid token is handed out after reading alone. Only a call that has to ask GoTo claims the entry, reads again,
// refreshes or exchanges, stores, and ends the claim.
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
		warnings = append(warnings, e.keepAs(ctx, request, s, *login)...)
	}
	if end := login.RefreshTokenExpiresAt; e.Now().Before(end) && end.Sub(e.Now()) < foresight {
		warnings = append(warnings, ExpiringLoginWarning{At: end})
	}
	if left := login.ExpiresAt.Sub(e.Now()); left < request.MinValidity {
		warnings = append(warnings, ShortTokenWarning{Left: left})
	}
	return *login, warnings, nil
}

// foresight is how long before its end a refresh token that was not replaced is worth a warning.
// GoTo replaces it from day 18 of its 30 days on, whenever it is used.
const foresight = 7 * 24 * time.Hour

// check refuses what the cache being off makes impossible, before anything is read or sent.
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

// login returns the session that request is about, and its login with a token that answers the request.
func (e *Engine) login(ctx context.Context, request Request, began time.Time) (*session, *Login, []Warning, error) {
	for {
		s, found, warnings, err := e.find(ctx, request)
		if err != nil {
			return nil, nil, warnings, err
		}
		if asked := found.login.askedFor(request); asked != nil {
			return nil, nil, warnings, &SignInError{Profile: request.Profile, AskedFor: asked}
		}
		if request.accepts(found.login, e.Now()) {
			login, more := s.saveAgain(ctx, request, found.login)
			return s, login, append(warnings, more...), nil
		}
		login, renewed, warnings, err := s.obtain(ctx, request, found, began)
		if errors.Is(err, errOvertaken) {
			continue
		}
		if asked := login.askedFor(request); asked != nil { // another block has sent the code meanwhile
			err = &SignInError{Profile: request.Profile, AskedFor: asked}
		}
		if renewed { // and so not on the way of those who are served from the cache
			e.prune(ctx)
		}
		return s, login, warnings, err
	}
}

// find returns the session that request is about, and what is stored of it. Where the process knows of a login that
// answers the request, nothing is read; of N blocks that come together, one reads.
func (e *Engine) find(ctx context.Context, request Request) (*session, entry, []Warning, error) {
	start := e.session(e.startKey(request), request.Client.Secret)
	if s, known, found := start.answer(request); found {
		return s, known, nil, nil
	}
	leave, err := start.reading.enter(ctx)
	if err != nil {
		return nil, entry{}, nil, &CancelledError{Waiting: true, Err: err}
	}
	defer leave()
	if s, known, found := start.answer(request); found {
		return s, known, nil, nil
	}
	s, stored, warnings, err := e.follow(start, func(s *session) (entry, []Warning, error) { return s.load(ctx, request, nil) })
	if err == nil && request.Grant.Type == "" && s == start {
		return nil, entry{}, nil, e.noLogin(request.Profile, warnings)
	}
	return s, stored, warnings, err
}

// startKey names the entry at which the search for a login begins.
func (e *Engine) startKey(request Request) cache.Key {
	if request.Grant.Type == "" {
		return e.profileKey(request.Client, request.Profile)
	}
	return e.credentialKey(request.Client.ID, request.Grant)
}

// credentialKey names the entry of a credential: it depends on nothing but the authorization server, the client
// and the credential itself.
func (e *Engine) credentialKey(clientID string, grant oauth.Grant) cache.Key {
	return cache.NewKey("credential", e.Endpoint.Server.String(), clientID, string(grant.Type), grant.Credential.Reveal())
}

// follow returns the session that start leads to, and its entry. Read returns the entry of a session.
func (e *Engine) follow(start *session, read func(*session) (entry, []Warning, error)) (*session, entry, []Warning, error) {
	s := start
	for hops := 0; ; hops++ {
		found, warnings, err := read(s)
		if err != nil || found.leadsTo == nil {
			return s, found, warnings, err
		}
		if hops == maxHops {
			return s, entry{}, nil, &CacheError{Err: &cache.UnreadableError{Path: e.Cache.Locate(s.key), Reason: "it leads in a circle; remove it"}}
		}
		s = s.follow(found)
	}
}

// maxHops is how often an entry may lead on. One leads to the login; a login that began before its refresh token led
// to it may make two.
const maxHops = 4

// accepts tells whether the stored login, nil if there is none, answers the request.
func (r Request) accepts(stored *Login, now time.Time) bool {
	return stored != nil && !r.Private && stored.valid(now, r.MinValidity) && !stored.AccessToken.Equal(r.Refused)
}

// end gives a claim up.
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

// isEnded tells whether err means that the credential which was sent is no longer accepted.
func isEnded(err error) bool {
	var refused *oauth.TokenError
	return errors.As(err, &refused) && refused.Outcome == oauth.Refused && refused.Code == oauth.InvalidGrant
}
