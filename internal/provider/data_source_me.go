package provider

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/terraform-goto/terraform-provider-goto/internal/admin"
)

var _ datasource.DataSourceWithConfigure = (*meDataSource)(nil)

func newMeDataSource() datasource.DataSource { return &meDataSource{} }

type meDataSource struct{ settings *settings }

// Metadata implements [datasource.DataSource].
func (d *meDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_me"
}

// Schema implements [datasource.DataSource].
func (d *meDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	text := func(description string) schema.StringAttribute {
		return schema.StringAttribute{Computed: true, MarkdownDescription: description}
	}
	texts := func(description string) schema.ListAttribute {
		return schema.ListAttribute{ElementType: types.StringType, Computed: true, MarkdownDescription: description}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Shows the GoTo user that the provider's credential or a stored login belongs to. Use it to find the account key, which nearly every GoTo API requires. " +
			"The provider first asks GoTo's Admin API, which needs the scope Admin Center (`identity:`). If the Admin API refuses, it asks GoTo's SCIM API, which returns less and needs only the scope Profile (`identity:scim.me`). " +
			"Values that GoTo doesn't send are null. This is common for people who aren't administrators.",
		Attributes: map[string]schema.Attribute{
			"profile": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of the stored login to use. Default: the provider's grant or profile. The data source doesn't use the grant or profile of a `goto_access_token`.",
				Validators:          []validator.String{stringValidator(checkProfile)},
			},
			"source":      text("The API that answered: `admin` or `scim`. With `scim`, `admin_roles`, `products` and `created_at` are null."),
			"key":         text("Key of the user."),
			"account_key": text("Key of the user's default account. SCIM doesn't name the default account, so with `scim`, this is the key of the only account, or null if there are several."),
			"email":       text("E-mail address."),
			"first_name":  text("First name."),
			"last_name":   text("Last name."),
			"locale":      text("Locale, like `en_US`."),
			"admin_roles": texts("The user's roles in the default account."),
			"accounts": schema.ListNestedAttribute{
				Computed:            true,
				MarkdownDescription: "The accounts the user belongs to.",
				NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
					"key":         text("Key of the account."),
					"name":        text("Name of the account."),
					"admin_roles": texts("The user's roles in this account."),
				}},
			},
			"products": texts("The user's products, as GoTo abbreviates them."),
			"created_at": schema.StringAttribute{
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				MarkdownDescription: "When the user was created (RFC 3339, UTC).",
			},
		},
	}
}

// Configure implements [datasource.DataSourceWithConfigure].
func (d *meDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.settings = settingsFrom(req.ProviderData, &resp.Diagnostics)
}

// Read implements [datasource.DataSource].
func (d *meDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	resp.Diagnostics.Append(ready(d.settings, req.Config.Raw)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var profile types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("profile"), &profile)...)
	ctx, done := d.settings.interruptible(ctx)
	defer done()
	request, diags := newTokenRequest(ctx, d.settings, accessTokenArguments{profile: profile.ValueString()})
	request.byProvider = true
	if !diags.HasError() {
		var person admin.Person
		person, diags = d.me(ctx, request)
		if !diags.HasError() {
			diags.Append(resp.State.Set(ctx, newMeModel(profile, person))...)
		}
	}
	resp.Diagnostics.Append(keepProfilePath(diags)...)
}

// me looks up the person with the stored token, and again with a fresh one if GoTo refuses the stored one as expired.
func (d *meDataSource) me(ctx context.Context, request tokenRequest) (admin.Person, diag.Diagnostics) {
	login, diags := d.settings.token(ctx, request)
	if diags.HasError() {
		return admin.Person{}, diags
	}
	person, err := d.settings.admin.Me(ctx, login.AccessToken)
	if refused, ok := errors.AsType[*admin.RefusedError](err); ok && refused.TokenEnded() {
		request.Refused = login.AccessToken
		fresh, more := d.settings.token(ctx, request)
		diags.Append(more...)
		if diags.HasError() {
			return admin.Person{}, diags
		}
		person, err = d.settings.admin.Me(ctx, fresh.AccessToken)
	}
	if err != nil {
		diags.AddError("Cannot tell who is signed in", describeMeFailure(err))
	}
	return person, diags
}

// describeMeFailure explains why GET Me failed, even with a fresh token.
func describeMeFailure(err error) string {
	what := "Asking GoTo who is signed in failed. " + err.Error() + ".\n\n"
	var refused *admin.RefusedError
	var failure *admin.Error
	status := 0
	switch {
	case errors.As(err, &refused):
		status = refused.SCIM.Status
	case errors.As(err, &failure):
		status = failure.Status
	}
	isTemporary := status == http.StatusTooManyRequests || status >= http.StatusInternalServerError
	const scopes = "The Admin API requires the scope Admin Center (`identity:`), and SCIM requires only Profile (`identity:scim.me`). " +
		"Add one of the two to the OAuth client on its page at " + clientsPage + ", then sign in again or create the personal access token again, because a login keeps its original scopes. " +
		"If the client has the scope already, the person who signed in may not be allowed to use these APIs."
	switch {
	case refused != nil && (status == 0 || isTemporary):
		return what + "Plan again later, when SCIM may be available. If that does not help, the token lacks a scope. " + scopes
	case refused != nil:
		return what + "The token is valid, so it most likely lacks a scope. " + scopes
	case status == http.StatusNotFound:
		return what + "Check api_url (" + variable("api_url") + "); its default is " + defaultAPIURL + "."
	case isTemporary:
		return what + "Plan again later."
	}
	return what + "Check the network, the proxy (HTTPS_PROXY, NO_PROXY) and api_url (" + variable("api_url") + "), then plan again."
}

// keepProfilePath removes the attribute paths from diagnostics, except profile: the other paths name arguments that
// only goto_access_token has.
func keepProfilePath(diags diag.Diagnostics) (kept diag.Diagnostics) {
	for _, d := range diags {
		at, hasPath := d.(diag.DiagnosticWithPath)
		switch {
		case hasPath && at.Path().Equal(path.Root("profile")):
			kept.Append(d)
		case d.Severity() == diag.SeverityError:
			kept.AddError(d.Summary(), d.Detail())
		default:
			kept.AddWarning(d.Summary(), d.Detail())
		}
	}
	return kept
}

type meModel struct {
	Profile    types.String      `tfsdk:"profile"`
	Source     types.String      `tfsdk:"source"`
	Key        types.String      `tfsdk:"key"`
	AccountKey types.String      `tfsdk:"account_key"`
	Email      types.String      `tfsdk:"email"`
	FirstName  types.String      `tfsdk:"first_name"`
	LastName   types.String      `tfsdk:"last_name"`
	Locale     types.String      `tfsdk:"locale"`
	AdminRoles []string          `tfsdk:"admin_roles"`
	Accounts   []accountModel    `tfsdk:"accounts"`
	Products   []string          `tfsdk:"products"`
	CreatedAt  timetypes.RFC3339 `tfsdk:"created_at"`
}

type accountModel struct {
	Key        types.String `tfsdk:"key"`
	Name       types.String `tfsdk:"name"`
	AdminRoles []string     `tfsdk:"admin_roles"`
}

func newMeModel(profile types.String, person admin.Person) meModel {
	model := meModel{
		Profile:    profile,
		Source:     types.StringValue(string(person.Source)),
		Key:        stringOrNull(person.Key),
		AccountKey: stringOrNull(person.AccountKey),
		Email:      stringOrNull(person.Email),
		FirstName:  stringOrNull(person.FirstName),
		LastName:   stringOrNull(person.LastName),
		Locale:     stringOrNull(person.Locale),
		AdminRoles: person.AdminRoles,
		Products:   person.Products,
		CreatedAt:  timeOrNull(person.CreatedAt),
	}
	for _, account := range person.Accounts {
		model.Accounts = append(model.Accounts, accountModel{
			Key:        stringOrNull(account.Key),
			Name:       stringOrNull(account.Name),
			AdminRoles: account.AdminRoles,
		})
	}
	return model
}
