namespace Microsoft.ML.FeatureMining.Data;

/// <summary>How a list of pictures and their labels is laid out (RFC 4180: fields may stand in quotes).</summary>
public sealed record ImageListFormat
{
    /// <summary>Whether the first record names the columns. Without such names the pictures stand in the first column and the labels in the second, and there are no others.</summary>
    /// <value>true.</value>
    public bool HasHeader { get; init; } = true;

    /// <summary>The name of the column of picture files.</summary>
    /// <value>ImagePath.</value>
    public string PathColumn { get; init; } = "ImagePath";

    /// <summary>The name of the column of labels.</summary>
    /// <value>Label.</value>
    public string LabelColumn { get; init; } = "Label";

    /// <summary>What separates the fields.</summary>
    /// <value>A tab where the file is called .tsv or .tab, otherwise a comma.</value>
    public char? Separator { get; init; }

    /// <summary>What separates the labels of a picture that has several, within their field.</summary>
    /// <value>A semicolon.</value>
    public char LabelSeparator { get; init; } = ';';

    /// <summary>Where the pictures lie whose paths are relative.</summary>
    /// <value>The folder of the list.</value>
    public string? ImageFolder { get; init; }

    internal char SeparatorOf(string path) =>
        Separator ?? (Path.GetExtension(path).ToLowerInvariant() is ".tsv" or ".tab" ? '\t' : ',');
}
