package engine

import (
	"context"
	"errors"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// keep stores fresh before any caller gets it. A failure is only a warning, because the run must get the token that the
// server has issued.
func (c *claimedSession) keep(ctx context.Context, fresh Login) []Warning {
	kept := fresh
	if c.request.Private {
		kept = fresh.withAccessTokenOf(c.current.login)
	}
	if kept.AccessToken.IsEmpty() && c.request.Grant.Type == oauth.PersonalAccessToken {
		return nil
	}
	// Even a canceled run stores what cannot be obtained again, and the links to it.
	ctx = context.WithoutCancel(ctx)
	if err := c.publish(ctx, kept); err != nil {
		return c.notStored(err)
	}
	if c.engine.Cache.Persistent() {
		// A configuration with this refresh token then uses this login instead of beginning another one. If storing the
		// link fails, the renewal that sends the token stores it.
		c.link(ctx, c.sent)
		c.link(ctx, kept.RefreshToken)
	} else if c.request.Grant.Type == oauth.RefreshToken && !kept.RefreshToken.Equal(c.sent) {
		return []Warning{ReplacedWarning{}}
	}
	return nil
}

// publish stores the login, or remembers that storing has failed. If the claim has expired and another process has
// written the entry, the newer of the two logins stays.
func (c *claimedSession) publish(ctx context.Context, login Login) error {
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

// link makes a refresh token lead to this session.
func (c *claimedSession) link(ctx context.Context, refreshToken secret.Value) {
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

// saveAgain tries again to store a login if that has failed before. It does not wait for a claim, and returns the
// newest login that answers the request.
func (s *session) saveAgain(ctx context.Context, request Request, login *Login) (*Login, []Warning) {
	if !s.isUnsaved() {
		return login, nil
	}
	c := &claimedSession{session: s, request: request}
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

func (c *claimedSession) notStored(err error) []Warning {
	if location, ok := errors.AsType[*cache.LocationError](err); ok && location.NoDefault {
		return nil // only a personal access token gets this far, and the user has not asked for a cache
	}
	return []Warning{NotStoredWarning{Grant: c.request.Grant.Type, Err: err}}
}

// store writes the entry.
func (c *claimedSession) store(ctx context.Context, next entry) error {
	if c.noClaim != nil {
		return c.noClaim
	}
	text, err := next.encode()
	if err != nil {
		return err
	}
	if err := c.claim.Write(context.WithoutCancel(ctx), c.sealer, text, next.kind()); err != nil {
		return err
	}
	c.remember(next, false)
	return nil
}
