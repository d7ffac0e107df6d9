package provider

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/setvalidator"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/terraform-goto/terraform-provider-goto/internal/oauth"
)

const defaultMinValidity = 10 * time.Minute

var (
	_ ephemeral.EphemeralResourceWithConfigure      = (*accessTokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*accessTokenEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithClose          = (*accessTokenEphemeralResource)(nil)
)

func newAccessTokenEphemeralResource() ephemeral.EphemeralResource {
	return &accessTokenEphemeralResource{}
}

// accessTokenEphemeralResource has no Renew, because GoTo's tokens cannot be extended. Close does nothing without
// revoke_on_close, because the next run uses the same token.
type accessTokenEphemeralResource struct{ settings *settings }

// Metadata implements [ephemeral.EphemeralResource].
func (r *accessTokenEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

// Schema implements [ephemeral.EphemeralResource].
func (r *accessTokenEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Provides a valid access token for GoTo's APIs, from an authorization code, a refresh token, a personal access token or a stored login. " +
			"Terraform and OpenTofu open an ephemeral resource during the plan and again during the apply, in different processes. So the provider keeps the token in an encrypted cache (`token_cache` of the provider). A code is exchanged once, and one request serves all blocks, processes and runs until the token ends.",
		Attributes: map[string]schema.Attribute{
			"client_id": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeClientID + fromProvider,
				Validators:          []validator.String{stringValidator(oauth.CheckClientID)},
			},
			"client_secret": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: describeClientSecret + fromProvider,
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"redirect_uri": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeRedirectURI + " It must be the one in the authorize URL." + fromProvider,
				Validators:          []validator.String{stringValidator(oauth.CheckRedirectURI)},
			},
			"code": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "Authorization code: the text between `code=` and the next `&` in the address that the browser landed on. It is exchanged once. You can leave it in the configuration as long as its login lasts." + oneGrant,
				Validators:          []validator.String{stringValidator(oauth.CheckCode)},
			},
			"code_verifier": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "PKCE code verifier, required if you set a `code_challenge` in `goto_authorize_url`. For an address from one of the provider's messages, set `callback_url` instead of `code`; the provider then has the verifier. Default: none.",
				Validators:          []validator.String{stringValidator(oauth.CheckCodeVerifier)},
			},
			"callback_url": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: "The whole address that the browser landed on, as an alternative to `code`. The provider compares it with `redirect_uri` and `state`." + oneGrant,
				Validators:          []validator.String{stringValidator(checkNotEmpty)},
			},
			"state": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "`state` of the authorize URL. `callback_url` must contain the same value. Otherwise, the provider refuses it as the address of another sign-in. Default: none; the provider then checks only the states of addresses that it has shown itself.",
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"refresh_token": schema.StringAttribute{
				Optional:            true,
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: describeRefreshToken + oneGrant + " If you don't set it, it has the value of `next_refresh_token` after the block is opened. If you set it, it keeps your value, because a provider can't change an argument.",
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"personal_access_token": schema.StringAttribute{
				Optional:            true,
				Sensitive:           true,
				MarkdownDescription: describePersonalAccessToken + oneGrant,
				Validators:          []validator.String{stringValidator(oauth.CheckCredential)},
			},
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: describeProfile + " Default: the provider's, unless this block has a grant.",
				Validators:          []validator.String{stringValidator(checkProfile)},
			},
			"min_validity": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: fmt.Sprintf("Minimum time that the token must still be valid, like `30m`. Set it to more than your run takes, because a token that another provider already uses can't be replaced. GoTo's tokens last an hour. If a new token's lifetime is shorter than this minimum, the provider hands it out with a warning. Default: `%dm`.", defaultMinValidity/time.Minute),
				Validators:          []validator.String{stringValidator(checkDuration)},
			},
			"required_scopes": schema.SetAttribute{
				ElementType:         types.StringType,
				Optional:            true,
				MarkdownDescription: "Scopes that the token must have. If one is missing, the run fails early, instead of in the middle of an apply when an API refuses the token. Default: none.",
				Validators: []validator.Set{
					setvalidator.SizeAtLeast(1),
					setvalidator.ValueStringsAre(stringValidator(oauth.CheckScope)),
				},
			},
			"revoke_on_close": schema.BoolAttribute{
				Optional:            true,
				MarkdownDescription: "Whether to revoke the access token when the run ends. The provider then requests a token for this block alone, doesn't store it in the cache, and revokes it when Terraform closes the block, at the end of each plan and each apply. So each plan and each apply costs a token request. The refresh token is kept as usual. GoTo's server metadata lists revocation, but GoTo's guides don't mention it. If GoTo refuses it, a warning appears, and the token expires as usual. Default: `false`.",
			},
			"access_token": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "The access token.",
			},
			"authorization_header": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "Value for an `Authorization` header: `Bearer` followed by the access token.",
			},
			"next_refresh_token": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "The refresh token to use next: the new one if GoTo has replaced it, otherwise the current one. Null for a personal access token. You need it only to keep the refresh token outside the token cache.",
			},
			"refresh_token_expires_at": schema.StringAttribute{
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				MarkdownDescription: "When the refresh token expires (RFC 3339, UTC): the time in the token itself if it has one, otherwise 30 days after it was issued. Null if neither is known. If fewer than 7 days are left, a warning shows the date.",
			},
			"token_type": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Type of the access token, always `Bearer`.",
			},
			"expires_in": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "Seconds until the access token expires.",
			},
			"expires_at": schema.StringAttribute{
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				MarkdownDescription: "When the access token expires (RFC 3339, UTC).",
			},
			"scope": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Scopes of the token, as GoTo sent them, separated by spaces.",
			},
			"scopes": schema.SetAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "Scopes of the token.",
			},
			"principal": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The person who signed in, usually an e-mail address.",
			},
		},
	}
}

// Configure implements [ephemeral.EphemeralResourceWithConfigure].
func (r *accessTokenEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	r.settings = settingsFrom(req.ProviderData, &resp.Diagnostics)
}

// Open implements [ephemeral.EphemeralResource].
func (r *accessTokenEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	resp.Diagnostics.Append(ready(r.settings, req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	attributes, diags := argumentsOf(resp.Result.Raw)
	resp.Diagnostics.Append(diags...)
	arguments, diags := readAccessToken(attributes)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	request, diags := newTokenRequest(ctx, r.settings, arguments)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, done := r.settings.interruptible(ctx)
	defer done()
	login, diags := r.settings.token(ctx, request)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	resp.Diagnostics.Append(request.checkScopes(arguments.requiredScopes, login.Scope)...)
	setLogin(attributes, login, r.settings.now())
	resp.Diagnostics.Append(resp.Result.Set(ctx, tftypes.NewValue(resp.Result.Raw.Type(), attributes))...)
	if !request.Private {
		return
	}
	if due := (revocation{request.Client, login}); resp.Diagnostics.HasError() { // Terraform closes only what was opened
		resp.Diagnostics.Append(r.settings.revoke(ctx, due)...)
	} else {
		resp.Diagnostics.Append(r.settings.revocations.schedule(ctx, resp.Private, due)...)
	}
}

// Close implements [ephemeral.EphemeralResourceWithClose]. A token that cannot be revoked does not fail the run,
// because it expires by itself.
func (r *accessTokenEphemeralResource) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	quoted, diags := req.Private.GetKey(ctx, revocationKey)
	resp.Diagnostics.Append(diags...)
	if quoted == nil || r.settings == nil {
		return
	}
	name, err := strconv.Unquote(string(quoted))
	due, found := r.settings.revocations.take(name)
	if err != nil || !found {
		resp.Diagnostics.AddWarning(notRevoked, "A different process opened this block, so this process doesn't know the token. The token expires by itself within an hour.")
		return
	}
	resp.Diagnostics.Append(r.settings.revoke(ctx, due)...)
}
