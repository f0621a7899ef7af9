using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Hierarchies;

/// <summary>
/// A tree of classes. Each class is exactly one leaf. The text form is Newick notation without branch lengths: <c>((0,1),(2,3,4));</c>.
/// </summary>
[JsonConverter(typeof(ClassHierarchyConverter))]
public sealed class ClassHierarchy
{
    private readonly HierarchyNode[] _nodes;

    internal ClassHierarchy(IReadOnlyList<HierarchyNode> nodes)
    {
        _nodes = [.. nodes];
        ClassCount = nodes.Count(node => node.Class >= 0);
    }

    /// <summary>The number of classes K. Classes are numbered 0 to K - 1.</summary>
    public int ClassCount { get; }

    /// <summary>All nodes, parents before children; the first is the root.</summary>
    internal IReadOnlyList<HierarchyNode> Nodes => _nodes;

    /// <summary>
    /// Induces a hierarchy from a trained classifier (Wan et al. 2020): agglomerative clustering by Ward's rule of the rows of its last fully connected layer,
    /// one row per class.
    /// </summary>
    /// <param name="rows">The weights of each class, all of the same length.</param>
    /// <exception cref="ArgumentException">There are fewer than two rows, their lengths differ, or a weight is NaN or infinite.</exception>
    public static ClassHierarchy Induce(IReadOnlyList<float[]> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count < 2 || rows.Any(row => row.Length != rows[0].Length || !row.All(float.IsFinite)))
        {
            throw new ArgumentException(
                "ClassHierarchy.Induce needs at least two rows of weights, all of the same length, without NaN or " + "infinite values.",
                nameof(rows)
            );
        }

        IReadOnlyList<(int First, int Second)> merges = WardClustering.Merge(rows);
        List<HierarchyNode> nodes = [];
        Stack<(int Cluster, int Parent)> open = new([(rows.Count + merges.Count - 1, -1)]);
        while (open.TryPop(out (int Cluster, int Parent) next))
        {
            int merge = next.Cluster - rows.Count;
            nodes.Add(new HierarchyNode(next.Parent, merge < 0 ? next.Cluster : -1));
            if (merge >= 0)
            {
                open.Push((merges[merge].Second, nodes.Count - 1));
                open.Push((merges[merge].First, nodes.Count - 1));
            }
        }

        return new ClassHierarchy(nodes);
    }

    /// <summary>Reads a hierarchy from a text file in Newick notation.</summary>
    /// <param name="path">The file.</param>
    /// <param name="classNames">
    /// The names of the classes in key order, if the leaves of the file are names; null if the leaves are class numbers from 0.
    /// </param>
    /// <exception cref="FormatException">The file is not a valid hierarchy; the message has its path and the position of the error.</exception>
    public static ClassHierarchy Read(string path, IReadOnlyList<string>? classNames = null)
    {
        try
        {
            return Parse(File.ReadAllText(path), classNames);
        }
        catch (FormatException e)
        {
            throw new FormatException($"'{path}': {e.Message}", e);
        }
    }

    /// <summary>
    /// Reads a hierarchy in Newick notation. Names that contain <c>( ) , ; '</c> or white space are enclosed in single quotes; a quote inside a name is
    /// doubled.
    /// </summary>
    /// <exception cref="FormatException">The text is not a valid hierarchy; the message has the position of the error.</exception>
    public static ClassHierarchy Parse(string text, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClassHierarchy(new NewickReader(text, classNames).Read());
    }

    /// <summary>The tree in Newick notation, with class numbers as leaves.</summary>
    public override string ToString()
    {
        ILookup<int, int> children = Enumerable.Range(1, _nodes.Length - 1).ToLookup(node => _nodes[node].Parent);
        StringBuilder text = new();
        // The stack holds nodes that are not written yet, and the text to write between and after them. No recursion, so that deep trees do not overflow the
        // stack.
        Stack<(int Node, string? Text)> open = new([(0, null)]);
        while (open.TryPop(out (int Node, string? Text) next))
        {
            if (next.Text is not null || _nodes[next.Node].Class >= 0)
            {
                text.Append(next.Text ?? _nodes[next.Node].Class.ToString(CultureInfo.InvariantCulture));
                continue;
            }

            text.Append('(');
            open.Push((0, ")"));
            foreach ((int child, int i) in children[next.Node].Reverse().Select((child, i) => (child, i)))
            {
                if (i > 0)
                {
                    open.Push((0, ","));
                }

                open.Push((child, null));
            }
        }

        return text.Append(';').ToString();
    }
}

/// <summary>Writes a hierarchy as one JSON string in Newick notation: nested objects would exceed the depth limit of JSON readers.</summary>
internal sealed class ClassHierarchyConverter : JsonConverter<ClassHierarchy>
{
    public override ClassHierarchy? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return ClassHierarchy.Parse(
                reader.GetString() ?? throw new JsonException("A class hierarchy must be a JSON string in Newick notation, such as " + "\"(0,(1,2));\".")
            );
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, ClassHierarchy value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>One node of a hierarchy: the index of its parent (-1 for the root) and its class (-1 for an inner node).</summary>
internal readonly record struct HierarchyNode(int Parent, int Class);
