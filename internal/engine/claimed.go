package engine

import (
	"context"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// claimed is a session whose entry nobody else may write, for the time of one request.
type claimed struct {
	*session
	claim   *cache.Claim // nil if the cache cannot be used; noClaim says why, and only a personal access token does without
	noClaim error
	request Request
	first   entry        // what was stored when the request began
	current entry        // what the next step builds on
	sent    secret.Value // the last refresh token that was sent, empty if none was
}

// errOvertaken says that another process has written in between, so that the request has to start over.
var errOvertaken = cache.ErrOvertaken

// obtain obtains a token from the server, unless a valid one is stored by the time the entry is claimed; renewed
// reports which of the two happened. First is the entry as it was before, began when the request began. The error is
// [errOvertaken] if another process has written in between.
func (s *session) obtain(ctx context.Context, request Request, first entry, began time.Time) (login *Login, renewed bool, warnings []Warning, err error) {
	leave, err := s.claiming.enter(ctx)
	if err != nil {
		return nil, false, nil, &CancelledError{Waiting: true, Err: err}
	}
	defer leave()
	if known := s.remembered(); known.login != nil && request.accepts(known.login, s.engine.Now()) { // another block has obtained it meanwhile
		login, warnings = s.saveAgain(ctx, request, known.login)
		return login, false, warnings, nil
	}
	c := &claimed{session: s, request: request, first: first}
	if err := c.take(ctx, began); err != nil {
		return nil, false, nil, err
	}
	if c.claim != nil {
		defer c.engine.end(ctx, c.claim)
	}
	if c.current, warnings, err = c.load(ctx, c.request, c.claim); err != nil {
		return nil, false, nil, err
	}
	if c.current.leadsTo != nil { // it changed after it was first read
		return nil, false, nil, errOvertaken
	}
	if intent := c.current.intent; intent != nil { // and its process no longer holds the claim
		if c.current.intent = nil; intent.Grant != oauth.PersonalAccessToken {
			c.current.lost = intent
		}
	}
	if c.request.accepts(c.current.login, c.engine.Now()) {
		c.engine.log(ctx, "using the stored access token", map[string]any{"expires_at": c.current.login.ExpiresAt})
		return c.current.login, false, warnings, nil
	}
	fresh, err := c.renew(ctx)
	if err != nil {
		return nil, false, warnings, err
	}
	return &fresh, true, append(warnings, c.keep(ctx, fresh)...), nil
}

// take claims the entry. It waits for a process that holds it for as long as that process's last request can take.
func (c *claimed) take(ctx context.Context, began time.Time) error {
	if ctx.Err() != nil {
		return &CancelledError{Err: ctx.Err()}
	}
	isPersonal := c.request.Grant.Type == oauth.PersonalAccessToken
	if c.busy != nil && !c.busyAt.Before(began) { // another block has just waited without success
		if c.noClaim = c.busy; !isPersonal {
			return c.busy
		}
		return nil
	}
	for {
		claim, err := c.engine.Cache.Claim(ctx, c.key)
		timeout, isTimeout := errors.AsType[*cache.ClaimTimeoutError](err)
		switch {
		case err == nil:
			c.claim = claim
			return nil
		case ctx.Err() != nil:
			return &CancelledError{Waiting: true, Err: ctx.Err()}
		case isTimeout:
			busy := &BusyError{Err: timeout}
			if found, _, err := c.stored(ctx, Request{}, nil); err == nil {
				busy.Intent = found.intent
			}
			if busy.Intent != nil && c.engine.Now().Before(busy.Intent.Until) {
				continue
			}
			c.busy, c.busyAt = busy, c.engine.Now()
			err = busy
		default:
			err = &CacheError{Err: err}
		}
		if isPersonal {
			c.noClaim, err = err, nil
		}
		return err
	}
}

// renew obtains a fresh token with the refresh token of the stored login or, if that login has ended, with the
// configured credential.
func (c *claimed) renew(ctx context.Context) (Login, error) {
	grant, stored := c.request.Grant, c.current.login
	before := Login{SignedInAt: c.engine.Now().UTC()}
	if stored != nil {
		before = Login{SignedInAt: stored.SignedInAt, Generation: stored.Generation}
	}
	switch {
	case stored != nil && !stored.RefreshToken.IsEmpty():
		fresh, err := c.send(ctx, oauth.Grant{Type: oauth.RefreshToken, Credential: stored.RefreshToken}, *stored)
		if err == nil || !isEnded(err) {
			return fresh, err
		}
		if !canReplace(grant, *stored) {
			return Login{}, c.ended(err)
		}
		c.engine.log(ctx, "the stored refresh token has ended; using the configured credential", nil)
	case stored != nil && (grant.Type == "" || grant.Type == oauth.AuthorizationCode):
		return Login{}, c.ended(nil)
	case grant.Type == "":
		return Login{}, c.engine.noLogin(c.request.Profile, nil)
	case c.request.isOurs():
		signIn, err := c.engine.finishSignIn(ctx, c.request)
		if err != nil && c.current.lost == nil {
			return Login{}, err
		}
		if err == nil { // the authorize URL had these, even if the configuration has changed since
			grant.CodeVerifier, c.request.Client.RedirectURI = signIn.CodeVerifier, signIn.RedirectURI
		}
		before.AskedFor = &c.request.Profile
	}
	if grant.Type == oauth.AuthorizationCode && c.current.lost != nil {
		if known := c.recentFailure(grant); known != nil {
			return Login{}, known
		}
		return Login{}, &AnswerLostError{Lost: *c.current.lost}
	}
	fresh, err := c.send(ctx, grant, before)
	if isEnded(err) && c.current.lost != nil {
		return Login{}, c.ended(err)
	}
	return fresh, err
}

// canReplace reports whether the configured grant is worth a request after the refresh token of the stored login was
// refused.
func canReplace(grant oauth.Grant, stored Login) bool {
	switch grant.Type {
	case oauth.PersonalAccessToken:
		return true
	case oauth.RefreshToken:
		return !grant.Credential.Equal(stored.RefreshToken)
	case oauth.AuthorizationCode:
	}
	return false
}

// ended returns the error for a login that cannot be renewed, because of err or, if err is nil, because there is
// nothing to send.
func (c *claimed) ended(err error) error {
	return &LoginEndedError{Grant: c.request.Grant.Type, Lost: c.current.lost, Private: c.request.Private, Err: err}
}

// send makes one token request and returns the login after the reply. The error of a request that brought no token is
// stored for all others that would send the same request.
func (c *claimed) send(ctx context.Context, grant oauth.Grant, before Login) (Login, error) {
	if known := c.recentFailure(grant); known != nil {
		return Login{}, known
	}
	if grant.Type == oauth.RefreshToken {
		c.sent = grant.Credential
	}
	budget := c.engine.Endpoint.Budget()
	var intent *Intent
	reply, err := c.engine.Endpoint.Token(ctx, c.request.Client, grant, func() error {
		intent = newIntent(grant.Type, c.engine.Now(), budget)
		c.engine.log(ctx, "requesting a token", map[string]any{"grant_type": string(grant.Type)})
		return c.intend(ctx, *intent)
	})
	failed, isFailed := errors.AsType[*oauth.TokenError](err)
	if isFailed && failed.MaybeProcessed() && grant.Type != oauth.PersonalAccessToken {
		c.current.lost = intent
	} else {
		c.settle(intent, c.current.lost)
	}
	if err == nil {
		return before.after(grant, reply, intent.At), nil
	}
	if !isFailed || intent == nil {
		return Login{}, err
	}
	if ctx.Err() == nil {
		c.current = c.current.withFailure(failure{Sending: fingerprint(c.request.Client, grant, budget), At: c.engine.Now(), Err: failed})
	}
	storeErr := c.store(ctx, c.current)
	if overtaken := errors.Is(storeErr, errOvertaken) || storeErr != nil && c.claim != nil && c.claim.Expired(); overtaken && isEnded(err) {
		return Login{}, errOvertaken // another run may have replaced the refresh token that was refused
	}
	if storeErr != nil {
		c.engine.log(ctx, "storing the error of the token request failed", map[string]any{"error": storeErr.Error()})
		c.remember(c.current, false)
	}
	return Login{}, err
}

// recentFailure returns the error with which sending grant has just failed, or nil if it has not.
func (c *claimed) recentFailure(grant oauth.Grant) *oauth.TokenError {
	return c.current.recentFailure(fingerprint(c.request.Client, grant, c.engine.Endpoint.Budget()), c.first, c.engine.Now())
}

// intend stores what is about to be sent, which proves that the answer can be stored. A personal access token skips
// this, because a lost answer costs it nothing.
func (c *claimed) intend(ctx context.Context, intent Intent) error {
	isPersonal := intent.Grant == oauth.PersonalAccessToken
	if c.claim == nil || isPersonal && c.claim.Excludes() {
		return nil
	}
	next := c.current
	next.intent = &intent
	text, err := next.encode()
	if err == nil {
		err = c.claim.WriteIntent(ctx, c.sealer, text)
	}
	switch {
	case err == nil && c.claim.Expired():
		// Others may hold the claim by now. Nothing has been sent, so the intent must not look like a lost answer.
		if err := c.store(ctx, c.current); err != nil && !errors.Is(err, errOvertaken) {
			return &CacheError{Err: err}
		}
		return errOvertaken
	case errors.Is(err, errOvertaken):
		return errOvertaken
	case err != nil && isPersonal:
		c.claim, c.noClaim = nil, err
		return nil
	case err != nil:
		return &CacheError{Err: err}
	}
	c.remember(c.current, false) // the login of the entry is stored with the intent
	return nil
}

// keep stores fresh before any caller gets it. A failure is only a warning: the server has answered, so the run must
// get the token.
func (c *claimed) keep(ctx context.Context, fresh Login) []Warning {
	kept := fresh
	if c.request.Private {
		kept = fresh.withAccessTokenOf(c.current.login)
	}
	if kept.AccessToken.IsEmpty() && c.request.Grant.Type == oauth.PersonalAccessToken {
		return nil
	}
	// Even a run that was canceled in the meantime stores what cannot be obtained again.
	ctx = context.WithoutCancel(ctx)
	if err := c.publish(ctx, kept); err != nil {
		return c.notStored(err)
	}
	if c.engine.Cache.Persistent() {
		// A configuration that is given this refresh token uses this login, and does not begin another one. If this
		// fails, the renewal that sends the token makes up for it.
		c.lead(ctx, c.sent)
		c.lead(ctx, kept.RefreshToken)
	} else if c.request.Grant.Type == oauth.RefreshToken && !kept.RefreshToken.Equal(c.sent) {
		return []Warning{ReplacedWarning{}}
	}
	return nil
}

// publish stores the login, or remembers that it could not. If another process has taken the claim for abandoned and
// written in the meantime, the newer of the two logins stays.
func (c *claimed) publish(ctx context.Context, login Login) error {
	next := entry{login: &login}
	for {
		err := c.store(ctx, next)
		if err == nil {
			return nil
		}
		if !errors.Is(err, errOvertaken) {
			c.remember(next, true)
			return err
		}
		other, _, err := c.load(ctx, c.request, c.claim)
		if err != nil {
			c.remember(next, true)
			return err
		}
		if other.login != nil && other.login.Generation >= login.Generation {
			return nil
		}
		next.intent, next.failures = other.intent, other.failures
	}
}

// lead makes a refresh token lead to this session.
func (c *claimed) lead(ctx context.Context, refreshToken secret.Value) {
	key := c.engine.credentialKey(c.request.Client.ID, oauth.Grant{Type: oauth.RefreshToken, Credential: refreshToken})
	if refreshToken.IsEmpty() || key == c.key || c.request.Grant.Type == oauth.PersonalAccessToken {
		return
	}
	text, err := entry{leadsTo: &c.session.key}.encode()
	if err == nil {
		err = c.engine.Cache.Hint(ctx, key, c.sealer, text)
	}
	if err != nil {
		c.engine.log(ctx, "storing a link from a refresh token to its login failed", map[string]any{"error": err.Error()})
	}
}

// saveAgain tries to store what could not be stored before; usually there is nothing to do. It waits for no claim, and
// returns the newest login that answers the request.
func (s *session) saveAgain(ctx context.Context, request Request, login *Login) (*Login, []Warning) {
	if !s.isUnsaved() {
		return login, nil
	}
	c := &claimed{session: s, request: request}
	ctx = context.WithoutCancel(ctx)
	claim, err := s.engine.Cache.TryClaim(ctx, s.key)
	if err == nil {
		defer s.engine.end(ctx, claim)
		c.claim = claim
		c.current, _, err = s.load(ctx, request, claim)
	}
	if err == nil && s.isUnsaved() {
		err = c.publish(ctx, *c.current.login)
	}
	if err != nil {
		return login, c.notStored(err)
	}
	if newest := s.remembered().login; request.accepts(newest, s.engine.Now()) {
		login = newest
	}
	return login, nil
}

func (c *claimed) notStored(err error) []Warning {
	if location, ok := errors.AsType[*cache.LocationError](err); ok && location.NoDefault {
		return nil // only a personal access token gets this far, and the user has not asked for a cache
	}
	return []Warning{NotStoredWarning{Grant: c.request.Grant.Type, Err: err}}
}

// store writes the entry.
func (c *claimed) store(ctx context.Context, next entry) error {
	if c.noClaim != nil {
		return c.noClaim
	}
	text, err := next.encode()
	if err != nil {
		return err
	}
	if err := c.claim.Write(context.WithoutCancel(ctx), c.sealer, text, next.worth()); err != nil {
		return err
	}
	c.remember(next, false)
	return nil
}
