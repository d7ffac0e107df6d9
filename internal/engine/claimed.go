package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// claimed is a session while nobody else writes its entry, for one request.
type claimed struct {
	*session
	claim   *cache.Claim // nil if the cache cannot be used, which noClaim says and only a personal access token survives
	noClaim error
	request Request
	began   time.Time // when the request was made
	// current is the entry to go on with, revision the one that is stored.
	current  entry
	revision string
}

// obtain claims the entry, reads again, and gets a token from the server if there still is no valid one, which
// renewed tells.
func (s *session) obtain(ctx context.Context, request Request, began time.Time) (login *Login, renewed bool, warnings []error, err error) {
	leave, err := s.claiming.enter(ctx)
	if err != nil {
		return nil, false, nil, &CancelledError{Err: err}
	}
	defer leave()
	c := &claimed{session: s, request: request, began: began}
	if err := c.take(ctx); err != nil {
		return nil, false, nil, err
	}
	if c.claim != nil {
		defer s.engine.end(ctx, c.claim)
	}
	if c.current, c.revision, warnings, err = s.load(ctx, request); err != nil {
		return nil, false, nil, err
	}
	if c.current.intent != nil { // and its process has no claim any more
		c.current.lost, c.current.intent = c.current.intent, nil
	}
	if request.accepts(c.current.login, s.engine.Now()) {
		s.engine.log(ctx, "using the stored access token", map[string]any{"expires_at": c.current.login.ExpiresAt})
		return c.current.login, false, append(warnings, c.saveAgain(ctx)...), nil
	}
	fresh, err := c.renew(ctx)
	if err != nil {
		return nil, false, warnings, err
	}
	return &fresh, true, append(warnings, c.keep(ctx, fresh)...), nil
}

// take claims the entry.
func (c *claimed) take(ctx context.Context) error {
	claim, err := c.engine.Cache.Claim(ctx, c.key)
	timeout, isTimeout := errors.AsType[*cache.ClaimTimeoutError](err)
	switch {
	case err == nil:
		c.claim = claim
		return nil
	case ctx.Err() != nil:
		return &CancelledError{Err: ctx.Err()}
	case c.request.Grant.Type == oauth.PersonalAccessToken:
		c.noClaim = err
		return nil
	case isTimeout:
		busy := &BusyError{Err: timeout}
		if found, _, err := c.stored(ctx, c.request); err == nil {
			busy.Intent = found.intent
		}
		return busy
	}
	return &CacheError{Err: err}
}

// renew gets a fresh token: with the refresh token of the stored login, else, where that login has ended, with the
// configured credential.
func (c *claimed) renew(ctx context.Context) (Login, error) {
	grant, stored := c.request.Grant, c.current.login
	before := Login{SignedInAt: c.engine.Now().UTC()}
	if stored != nil {
		before.SignedInAt = stored.SignedInAt
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
		return Login{}, &NoLoginError{Profile: c.request.Profile}
	case grant.Type == oauth.AuthorizationCode && c.current.lost != nil:
		return Login{}, &AnswerLostError{Profile: c.request.Profile, Lost: *c.current.lost}
	}
	fresh, err := c.send(ctx, grant, before)
	if isEnded(err) && c.current.lost != nil {
		return Login{}, c.ended(err)
	}
	return fresh, err
}

// canReplace tells whether the configured grant is worth a request after the refresh token of the
// stored login was refused.
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

// ended describes a login that cannot go on, after err or, if that is nil, because nothing can be sent.
func (c *claimed) ended(err error) error {
	return &LoginEndedError{Profile: c.request.Profile, Grant: c.request.Grant.Type, Lost: c.current.lost, Private: c.request.Private, Err: err}
}

// send makes one token request and returns the login as it stands after the reply. How a request ends without a
// token is stored for everybody who would send the same.
func (c *claimed) send(ctx context.Context, grant oauth.Grant, before Login) (Login, error) {
	sending := fingerprint(c.request.Client, grant)
	if known := c.current.recentFailure(sending, c.began, c.engine.Now()); known != nil {
		return Login{}, known
	}
	intent := newIntent(grant.Type, c.engine.Now())
	if err := c.intend(ctx, *intent); err != nil {
		return Login{}, &CacheError{Err: err}
	}
	c.engine.log(ctx, "requesting a token", map[string]any{"grant_type": string(grant.Type)})
	reply, err := c.engine.Endpoint.Token(ctx, c.request.Client, grant)
	if err == nil {
		return before.after(grant, reply, intent.At), nil
	}
	if failed, ok := errors.AsType[*oauth.TokenError](err); ok {
		if failed.MaybeProcessed() && grant.Type != oauth.PersonalAccessToken {
			c.current.lost = intent
		}
		if ctx.Err() == nil {
			c.current = c.current.withFailure(failure{Sending: sending, At: c.engine.Now(), Err: failed})
		}
	}
	if storeErr := c.store(ctx, c.current); storeErr != nil {
		c.engine.log(ctx, "how the token request failed could not be stored", map[string]any{"error": storeErr.Error()})
		c.remember(c.current)
	}
	return Login{}, err
}

// intend stores what is about to be sent, which proves that the answer can be stored. A personal access token
// loses nothing with an answer.
func (c *claimed) intend(ctx context.Context, intent Intent) error {
	if intent.Grant == oauth.PersonalAccessToken || c.claim == nil {
		return nil
	}
	next := c.current
	next.intent, next.revision = &intent, rand.Text()
	text, err := next.encode()
	if err == nil {
		err = c.claim.WriteIntent(ctx, c.sealer, text)
	}
	if err != nil {
		return err
	}
	c.revision = next.revision
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.unsaved = false
	return nil
}

// keep stores fresh before anybody is handed it. A failure is a warning: the server has answered, so what it gave
// must reach the run.
func (c *claimed) keep(ctx context.Context, fresh Login) []error {
	grant, stored := c.request.Grant, c.current.login
	kept := fresh
	if c.request.Private {
		kept = fresh.withAccessTokenOf(stored)
	}
	if kept.AccessToken.IsEmpty() && grant.Type == oauth.PersonalAccessToken {
		return nil
	}
	replaced := grant.Type == oauth.RefreshToken && !kept.RefreshToken.Equal(grant.Credential)
	if stored != nil {
		replaced = !kept.RefreshToken.Equal(stored.RefreshToken)
	}
	if err := c.save(ctx, entry{login: &kept}); err != nil {
		return c.notStored(err)
	}
	if c.engine.Cache.Persistent() {
		c.lead(ctx, kept)
	} else if replaced {
		return []error{&ReplacedWarning{}}
	}
	return nil
}

// lead makes the refresh token of the login lead to this session, so that a configuration which is given it uses this
// login and does not begin another one beside it. If that fails now, the next renewal makes up for it.
func (c *claimed) lead(ctx context.Context, login Login) {
	key := c.engine.credentialKey(c.request.Client.ID, oauth.Grant{Type: oauth.RefreshToken, Credential: login.RefreshToken})
	if login.RefreshToken.IsEmpty() || key == c.key {
		return
	}
	text, err := entry{revision: rand.Text(), leadsTo: &c.key}.encode()
	if err == nil {
		err = c.engine.Cache.Hint(context.WithoutCancel(ctx), key, c.sealer, text)
	}
	if err != nil {
		c.engine.log(ctx, "the new refresh token does not lead to its login", map[string]any{"error": err.Error()})
	}
}

// saveAgain tries to store what could not be stored before; usually there is nothing to do.
func (c *claimed) saveAgain(ctx context.Context) []error {
	if !c.isUnsaved() {
		return nil
	}
	if err := c.save(ctx, c.current); err != nil {
		return c.notStored(err)
	}
	return nil
}

func (c *claimed) notStored(err error) []error {
	if location, ok := errors.AsType[*cache.LocationError](err); ok && location.NoDefault {
		return nil // only a personal access token comes as far as this, and nobody has asked for a cache
	}
	return []error{&NotStoredWarning{Grant: c.request.Grant.Type, Profile: c.request.Profile, Err: err}}
}

// save stores the entry, or remembers that this could not be done.
func (c *claimed) save(ctx context.Context, next entry) error {
	err := c.store(ctx, next)
	if err == nil {
		return nil
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if !c.unsaved {
		c.unsaved, c.basis = true, c.revision
	}
	c.known = next
	return err
}

func (c *claimed) remember(next entry) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.known = next
}

// store writes the entry.
func (c *claimed) store(ctx context.Context, next entry) error {
	if c.noClaim != nil {
		return c.noClaim
	}
	next.revision = rand.Text()
	text, err := next.encode()
	if err != nil {
		return err
	}
	// A run that was cancelled meanwhile still stores what cannot be had again.
	if err := c.claim.Write(context.WithoutCancel(ctx), c.sealer, text, next.worth()); err != nil {
		return err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.known, c.unsaved = next, false
	return nil
}
