package engine

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/terraform-goto/terraform-provider-goto/internal/cache"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// A profile is a name for a login: its entry holds the key of the entry that the login's credential
// owns, and no token. So a login that several profiles and the credential itself lead to has its
// refresh token in one place, and replacing it leaves no dead copy behind.

// profileKey names the entry of a profile.
func (e *Engine) profileKey(client oauth.Client, profile string) cache.Key {
	return cache.NewKey("profile", e.Endpoint.Server.String(), client.ID, profile)
}

// loginKey returns the key of the entry that request is about: its credential's, or without one
// the entry that its profile leads to.
func (e *Engine) loginKey(ctx context.Context, request Request) (cache.Key, []error, error) {
	if request.Grant.Type != "" {
		return e.credentialKey(request.Client, request.Grant), nil, nil
	}
	unlock, err := e.lock(ctx, e.profileKey(request.Client, request.Profile))
	if err != nil {
		return cache.Key{}, nil, err
	}
	defer unlock()
	key, err := e.readProfile(ctx, request)
	var unreadable *cache.UnreadableError
	switch {
	case errors.Is(err, cache.ErrNotFound):
		return cache.Key{}, nil, &NoLoginError{Profile: request.Profile}
	case errors.As(err, &unreadable):
		return cache.Key{}, []error{&UnreadableWarning{Err: unreadable}}, &NoLoginError{Profile: request.Profile}
	case err != nil:
		return cache.Key{}, nil, &CacheError{Err: err}
	}
	return key, nil, nil
}

// keepAs makes the profile of request lead to the login at key. Where it does already, nothing
// changes. A failure is a warning: the login itself is stored.
func (e *Engine) keepAs(ctx context.Context, request Request, key cache.Key) []error {
	profileKey := e.profileKey(request.Client, request.Profile)
	unlock, err := e.lock(ctx, profileKey)
	if err != nil {
		return []error{&ProfileNotStoredWarning{Profile: request.Profile, Err: err}}
	}
	defer unlock()
	if kept, err := e.readProfile(ctx, request); err == nil && kept == key {
		return nil
	}
	if err := e.Cache.Write(ctx, profileKey, request.Client.Secret, []byte(key.String())); err != nil {
		return []error{&ProfileNotStoredWarning{Profile: request.Profile, Err: err}}
	}
	return nil
}

// readProfile returns the key that the profile of request leads to.
func (e *Engine) readProfile(ctx context.Context, request Request) (cache.Key, error) {
	profileKey := e.profileKey(request.Client, request.Profile)
	text, err := e.Cache.Read(ctx, profileKey, request.Client.Secret)
	if err != nil {
		return cache.Key{}, err
	}
	var key cache.Key
	if n, err := hex.Decode(key[:], text[:min(len(text), 2*len(key))]); err != nil || n != len(key) {
		return cache.Key{}, &cache.UnreadableError{Path: profileKey.String(), Reason: "its text is not that of a profile"}
	}
	return key, nil
}
