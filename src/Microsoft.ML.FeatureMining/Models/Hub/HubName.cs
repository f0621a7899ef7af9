using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace Microsoft.ML.FeatureMining.Models.Hub;

/// <summary>The name of a model on the Hugging Face Hub: <c>hf://owner/model</c>, <c>hf://owner/model@revision</c>, or <c>timm/model</c>.</summary>
internal sealed record HubName(string Owner, string Model, string Revision)
{
    private const string DefaultRevision = "main";

    /// <summary>owner/model.</summary>
    public string Id => $"{Owner}/{Model}";

    /// <summary>Whether a text has the form of such a name; it may also be the path of a file.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out HubName? name)
    {
        Match match = Regex.Match(text, @"^(?:hf://(?<owner>[\w.-]+)|(?<owner>timm))/(?<model>[\w.-]+)(?:@(?<revision>[\w.-]+))?$", RegexOptions.ECMAScript);
        string revision = match.Groups["revision"].Success ? match.Groups["revision"].Value : DefaultRevision;
        name =
            match.Success && !new[] { match.Groups["owner"].Value, match.Groups["model"].Value, revision }.Any(part => part.Trim('.').Length == 0)
                ? new HubName(match.Groups["owner"].Value, match.Groups["model"].Value, revision)
                : null;
        return name is not null;
    }

    public override string ToString() => Revision == DefaultRevision ? Id : $"{Id}@{Revision}";
}
