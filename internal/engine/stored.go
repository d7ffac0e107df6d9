package engine

import (
	"context"
	"slices"
	"time"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
	"github.com/terraform-goto/terraform-provider-goto/internal/secret"
)

// Stored returns the login that is stored under profile, and the location of its entry. The login is nil if client's
// secret opens none; location is then where the entry of the profile is or would be. A refresh token that the server
// has refused is left out. The error is a [*CacheError] or a [*CacheRequiredError].
//
// Stored requests, claims and remembers nothing, so it does not affect [Engine.Token].
func (e *Engine) Stored(ctx context.Context, client oauth.Client, profile string) (login *Login, location string, err error) {
	request := Request{Client: client, Profile: profile}
	if err := e.check(request); err != nil {
		return nil, "", err
	}
	start := e.session(e.startKey(request), client.Secret)
	s, found, _, err := e.follow(start, func(s *session) (entry, []Warning, error) { return s.stored(ctx, request, nil) })
	if err != nil {
		return nil, "", err
	}
	if found.login == nil {
		return nil, e.Cache.Locate(start.key), nil
	}
	isRefused := func(f failure) bool { return f.Err.Grant == oauth.RefreshToken && isEnded(f.Err) }
	if slices.ContainsFunc(found.failures, isRefused) { // a later token would have cleared them
		found.login.RefreshToken, found.login.RefreshTokenExpiresAt = secret.Value{}, time.Time{}
	}
	return found.login, e.Cache.Locate(s.key), nil
}
