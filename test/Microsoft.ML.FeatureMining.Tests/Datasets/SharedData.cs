namespace Microsoft.ML.FeatureMining.Tests.Datasets;

/// <summary>Data sets that are too large for the repository: in <c>../shared/data</c> beside the checkout, if it exists.</summary>
internal static class SharedData
{
    public static string Folder(string name)
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared", "data", name);
            if (Directory.Exists(candidate))
            {
                return candidate;
            }
        }
        Skip.If(true, $"There is no ../shared/data/{name} beside the checkout.");
        return "";
    }
}
