package constant

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type token struct{}

// The values are as long as those that the real provider gets from the stand-in.
const scope = "collab: identity: users.v1.lines.read"

var accessToken, refreshToken = strings.Repeat("c", 450), strings.Repeat("c", 451)

// Metadata implements [ephemeral.EphemeralResource].
func (token) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_access_token"
}

// Schema implements [ephemeral.EphemeralResource].
func (token) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"refresh_token":   schema.StringAttribute{Optional: true, Computed: true, Sensitive: true, MarkdownDescription: description},
		"required_scopes": schema.SetAttribute{ElementType: types.StringType, Optional: true, MarkdownDescription: description},
		"revoke_on_close": schema.BoolAttribute{Optional: true, MarkdownDescription: description},
		"expires_in":      schema.Int64Attribute{Computed: true, MarkdownDescription: description},
		"scopes":          schema.SetAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description},
	}
	for _, name := range []string{"client_id", "redirect_uri", "state", "profile", "min_validity"} {
		attributes[name] = schema.StringAttribute{Optional: true, MarkdownDescription: description}
	}
	for _, name := range []string{"client_secret", "code", "code_verifier", "callback_url", "personal_access_token"} {
		attributes[name] = schema.StringAttribute{Optional: true, Sensitive: true, MarkdownDescription: description}
	}
	for _, name := range []string{"access_token", "authorization_header", "next_refresh_token"} {
		attributes[name] = schema.StringAttribute{Computed: true, Sensitive: true, MarkdownDescription: description}
	}
	for _, name := range []string{"refresh_token_expires_at", "token_type", "expires_at", "scope", "principal"} {
		attributes[name] = schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{Attributes: attributes}
}

// Open implements [ephemeral.EphemeralResource].
func (token) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var m model
	resp.Diagnostics.Append(req.Config.Get(ctx, &m)...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.AccessToken = types.StringValue(accessToken)
	m.AuthorizationHeader = types.StringValue("Bearer " + accessToken)
	m.TokenType = types.StringValue("Bearer")
	m.NextRefreshToken = types.StringValue(refreshToken)
	if m.RefreshToken.IsNull() {
		m.RefreshToken = m.NextRefreshToken
	}
	m.ExpiresIn = types.Int64Value(3600)
	m.ExpiresAt = types.StringValue("2026-01-01T01:00:00Z")
	m.Scope = types.StringValue(scope)
	m.Principal = types.StringValue("ada@example.com")
	scopes := []attr.Value{}
	for name := range strings.FieldsSeq(scope) {
		scopes = append(scopes, types.StringValue(name))
	}
	m.Scopes = types.SetValueMust(types.StringType, scopes)
	resp.Diagnostics.Append(resp.Result.Set(ctx, &m)...)
}

type model struct {
	ClientID              types.String `tfsdk:"client_id"`
	ClientSecret          types.String `tfsdk:"client_secret"`
	RedirectURI           types.String `tfsdk:"redirect_uri"`
	Code                  types.String `tfsdk:"code"`
	CodeVerifier          types.String `tfsdk:"code_verifier"`
	CallbackURL           types.String `tfsdk:"callback_url"`
	State                 types.String `tfsdk:"state"`
	RefreshToken          types.String `tfsdk:"refresh_token"`
	PersonalAccessToken   types.String `tfsdk:"personal_access_token"`
	Profile               types.String `tfsdk:"profile"`
	MinValidity           types.String `tfsdk:"min_validity"`
	RequiredScopes        types.Set    `tfsdk:"required_scopes"`
	RevokeOnClose         types.Bool   `tfsdk:"revoke_on_close"`
	AccessToken           types.String `tfsdk:"access_token"`
	AuthorizationHeader   types.String `tfsdk:"authorization_header"`
	NextRefreshToken      types.String `tfsdk:"next_refresh_token"`
	RefreshTokenExpiresAt types.String `tfsdk:"refresh_token_expires_at"`
	TokenType             types.String `tfsdk:"token_type"`
	ExpiresIn             types.Int64  `tfsdk:"expires_in"`
	ExpiresAt             types.String `tfsdk:"expires_at"`
	Scope                 types.String `tfsdk:"scope"`
	Scopes                types.Set    `tfsdk:"scopes"`
	Principal             types.String `tfsdk:"principal"`
}
