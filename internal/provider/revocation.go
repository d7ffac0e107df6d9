package provider

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

// revocationKey is the key of a revocation's name in the private data of an opened block.
const revocationKey = "revocation"

// revocation is an access token to revoke when its block is closed.
type revocation struct {
	client oauth.Client
	login  engine.Login
}

// revocations holds the scheduled revocations of this process, which closes the blocks that it opens. Terraform's
// private data contains only the name of a revocation, so it contains no secret.
type revocations struct {
	mutex     sync.Mutex
	scheduled map[string]revocation
}

// privateData is what Terraform keeps between opening and closing a block.
type privateData interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// schedule records what Close has to revoke.
func (r *revocations) schedule(ctx context.Context, private privateData, due revocation) diag.Diagnostics {
	name := rand.Text()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.scheduled == nil {
		r.scheduled = map[string]revocation{}
	}
	r.scheduled[name] = due
	return private.SetKey(ctx, revocationKey, []byte(strconv.Quote(name))) // SetKey accepts only JSON
}

// take removes the scheduled revocation with this name and returns it.
func (r *revocations) take(name string) (revocation, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	due, found := r.scheduled[name]
	delete(r.scheduled, name)
	return due, found
}

const notRevoked = "Access token not revoked"

func (s *settings) revoke(ctx context.Context, due revocation) (diags diag.Diagnostics) {
	if err := s.engine.Endpoint.Revoke(ctx, due.client, due.login.AccessToken); err != nil {
		diags.AddWarning(notRevoked, fmt.Sprintf("The access token could not be revoked. %s. It expires by itself at %s.",
			err, due.login.ExpiresAt.Format("15:04 UTC on January 2, 2006")))
	}
	return diags
}
