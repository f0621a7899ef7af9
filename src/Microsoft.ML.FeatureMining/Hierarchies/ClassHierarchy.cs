using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Hierarchies;

/// <summary>
/// A tree whose leaves are all classes, each once. Written in the Newick notation of phylogenetic trees, without lengths: <c>((0,1),(2,3,4));</c>.
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

    /// <summary>The number of classes, which are 0 to this less one.</summary>
    public int ClassCount { get; }

    /// <summary>All nodes, parents before children; the first is the root.</summary>
    internal IReadOnlyList<HierarchyNode> Nodes => _nodes;

    /// <summary>
    /// The hierarchy that a trained classifier holds (Wan et al. 2020): the rows of its last fully connected layer, one a class, are joined two by two by Ward's rule.
    /// </summary>
    /// <param name="rows">For each class its weights, all of one length.</param>
    /// <exception cref="ArgumentException">There are fewer than two rows, they differ in length, or a weight is no number.</exception>
    public static ClassHierarchy Induce(IReadOnlyList<float[]> rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        if (rows.Count < 2 || rows.Any(row => row.Length != rows[0].Length || !row.All(float.IsFinite)))
        {
            throw new ArgumentException("A hierarchy takes at least two rows of finite weights, all of one length.", nameof(rows));
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
    /// <param name="classNames">The classes' names in the order of their keys, where the leaves are names; otherwise the leaves are numbers from 0.</param>
    /// <exception cref="FormatException">The text is no such tree; the message names the place.</exception>
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

    /// <summary>Reads a hierarchy in Newick notation. A name with any of <c>( ) , ; '</c> or white space stands between single quotes, a quote within it twice.</summary>
    /// <exception cref="FormatException">The text is no such tree; the message names the place.</exception>
    public static ClassHierarchy Parse(string text, IReadOnlyList<string>? classNames = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new ClassHierarchy(new NewickReader(text, classNames).Read());
    }

    /// <summary>The tree in Newick notation, its leaves as numbers.</summary>
    public override string ToString()
    {
        ILookup<int, int> children = Enumerable.Range(1, _nodes.Length - 1).ToLookup(node => _nodes[node].Parent);
        StringBuilder text = new();
        // A node is opened; what closes it, or comes between its children, waits on the stack as text.
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

/// <summary>A hierarchy is one string in JSON: a tree of objects would run into the depth limits of readers.</summary>
internal sealed class ClassHierarchyConverter : JsonConverter<ClassHierarchy>
{
    public override ClassHierarchy? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        try
        {
            return ClassHierarchy.Parse(reader.GetString() ?? throw new JsonException("A hierarchy is a string."));
        }
        catch (FormatException e)
        {
            throw new JsonException(e.Message, e);
        }
    }

    public override void Write(Utf8JsonWriter writer, ClassHierarchy value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}

/// <summary>One node of a hierarchy: the index of its parent, -1 for the root, and its class, -1 where it is no leaf.</summary>
internal readonly record struct HierarchyNode(int Parent, int Class);
