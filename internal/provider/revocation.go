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

// revocationKey is the key in the private data of an opened block under which the name of its revocation is stored.
const revocationKey = "revocation"

// revocation is an access token that is revoked when its block is closed.
type revocation struct {
	client oauth.Client
	login  engine.Login
}

// revocations holds the planned revocations of this process, which closes the blocks that it opened. They are kept here
// so that Terraform's private data holds a name and no secret.
type revocations struct {
	mutex   sync.Mutex
	planned map[string]revocation
}

// privateData is what Terraform keeps between opening and closing a block.
type privateData interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// plan records what Close has to revoke.
func (r *revocations) plan(ctx context.Context, private privateData, planned revocation) diag.Diagnostics {
	name := rand.Text()
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.planned == nil {
		r.planned = map[string]revocation{}
	}
	r.planned[name] = planned
	return private.SetKey(ctx, revocationKey, []byte(strconv.Quote(name))) // SetKey accepts only JSON
}

// take removes the planned revocation of that name and returns it.
func (r *revocations) take(name string) (revocation, bool) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	planned, found := r.planned[name]
	delete(r.planned, name)
	return planned, found
}

const notRevoked = "Access token not revoked"

func (s *settings) revoke(ctx context.Context, due revocation) (diags diag.Diagnostics) {
	if err := s.engine.Endpoint.Revoke(ctx, due.client, due.login.AccessToken); err != nil {
		diags.AddWarning(notRevoked, fmt.Sprintf("The access token could not be revoked. %s. It expires by itself at %s.",
			err, due.login.ExpiresAt.Format("15:04 UTC on January 2, 2006")))
	}
	return diags
}
