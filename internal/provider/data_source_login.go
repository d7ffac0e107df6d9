package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/engine"
)

var _ datasource.DataSourceWithConfigure = (*loginDataSource)(nil)

func newLoginDataSource() datasource.DataSource { return &loginDataSource{} }

type loginDataSource struct{ settings *settings }

// Metadata implements [datasource.DataSource].
func (d *loginDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_login"
}

// Schema implements [datasource.DataSource].
func (d *loginDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Shows who is signed in under a profile, and until when. It reads only the token cache and doesn't ask GoTo, so it can't tell that a login was revoked until a run tries to use the login. " +
			"None of the values is secret. They change only when someone signs in again, when the login ends, or when GoTo replaces the refresh token. A new access token doesn't change them.",
		Attributes: map[string]schema.Attribute{
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of the stored login. Default: the provider's `profile`, or its default with `interactive_login`.",
				Validators:          []validator.String{stringValidator(checkProfile)},
			},
			"signed_in": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether there is a usable login: as far as the cache knows, its refresh token or its access token is still valid. " +
					"The value is `false`, without an error, if there is no login that this OAuth client and its secret can decrypt.",
			},
			"principal": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The person who signed in, usually an e-mail address. The value stays after the login has ended.",
			},
			"scopes": schema.SetAttribute{
				ElementType:         types.StringType,
				Computed:            true,
				MarkdownDescription: "Scopes of the login. Empty if none are known.",
			},
			"signed_in_at": schema.StringAttribute{
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				MarkdownDescription: "When the login began (RFC 3339, UTC): when its code was exchanged, or when its refresh token was first used here. Null if unknown.",
			},
			"refresh_token_expires_at": schema.StringAttribute{
				CustomType: timetypes.RFC3339Type{},
				Computed:   true,
				MarkdownDescription: "When the refresh token expires (RFC 3339, UTC): the time in the token itself if it has one, otherwise 30 days after it was issued. " +
					"It changes when GoTo replaces the token, which happens if a run needs a new access token after day 18. Null if it is unknown, or if there is no refresh token that GoTo accepts.",
			},
			"location": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "The file or the object that holds the login. Deleting it removes only this login. If there is no login, this is where the profile's login would be stored.",
			},
		},
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *loginDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.settings = settingsFrom(req.ProviderData, &resp.Diagnostics)
}

// Read implements [datasource.DataSource].
func (d *loginDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var model loginModel
	resp.Diagnostics.Append(ready(d.settings, req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	request, diags := newTokenRequest(ctx, d.settings, accessTokenArguments{profile: model.Profile.ValueString()})
	if request.Profile == "" {
		at := path.Root("profile")
		diags.AddAttributeError(at, "Missing "+name(at),
			"goto_login reads the login stored under a profile. Set a profile here, in the provider configuration or in the environment variable "+variable("profile")+".")
	}
	resp.Diagnostics.Append(keepProfilePath(diags)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, done := d.settings.interruptible(ctx)
	defer done()
	login, location, err := d.settings.engine.Stored(ctx, request.Client, request.Profile)
	if err != nil {
		resp.Diagnostics.Append(request.failure(err))
		return
	}
	resp.Diagnostics.Append(model.fill(ctx, login, d.settings.now())...)
	model.Location = types.StringValue(location)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// fill sets the attributes that describe login, which is nil if there is none.
func (m *loginModel) fill(ctx context.Context, login *engine.Login, now time.Time) (diags diag.Diagnostics) {
	if login == nil {
		login = &engine.Login{}
	}
	m.SignedIn = types.BoolValue(!login.Ended(now))
	m.Principal = stringOrNull(login.Principal)
	m.SignedInAt, m.RefreshTokenExpiresAt = timeOrNull(login.SignedInAt), timeOrNull(login.RefreshTokenExpiresAt)
	m.Scopes, diags = types.SetValueFrom(ctx, types.StringType, distinct(strings.Fields(login.Scope)))
	return diags
}

type loginModel struct {
	Profile               types.String      `tfsdk:"profile"`
	SignedIn              types.Bool        `tfsdk:"signed_in"`
	Principal             types.String      `tfsdk:"principal"`
	Scopes                types.Set         `tfsdk:"scopes"`
	SignedInAt            timetypes.RFC3339 `tfsdk:"signed_in_at"`
	RefreshTokenExpiresAt timetypes.RFC3339 `tfsdk:"refresh_token_expires_at"`
	Location              types.String      `tfsdk:"location"`
}
