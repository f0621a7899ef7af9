using System.Globalization;
using System.Text;

namespace Microsoft.ML.FeatureMining.Hierarchies;

/// <summary>
/// Reads a tree of classes in Newick notation, strictly: every class once, no node with a single child, no labels but the leaves', no lengths, nothing behind the
/// semicolon. Goes by a stack of its own, so that no text is too deep for it.
/// </summary>
internal sealed class NewickReader(string text, IReadOnlyList<string>? classNames)
{
    private const string Special = "(),;'";

    private readonly List<HierarchyNode> _nodes = [];
    private readonly List<int> _children = [];
    private readonly HashSet<int> _seen = [];
    private int _at;

    public IReadOnlyList<HierarchyNode> Read()
    {
        int parent = -1;
        do
        {
            while (Take('('))
            {
                parent = Add(parent, -1);
            }

            Add(parent, ReadClass());
            while (parent >= 0 && Take(')'))
            {
                parent = Close(parent);
            }
        }
        while (parent >= 0 && Expect(','));

        Expect(';');
        SkipSpace();
        return _at < text.Length ? throw Problem("nothing may follow the semicolon") : Complete();
    }

    private IReadOnlyList<HierarchyNode> Complete()
    {
        int expected = classNames?.Count ?? _seen.Count;
        for (int i = 0; i < expected; i++)
        {
            if (!_seen.Contains(i))
            {
                throw new FormatException(classNames is null
                    ? $"The hierarchy has {_seen.Count} classes, and {i} is not among them; they are numbered from 0."
                    : $"The class '{classNames[i]}' is not in the hierarchy.");
            }
        }

        return _seen.Count >= 2 ? _nodes : throw new FormatException("A hierarchy has at least two classes.");
    }

    private int Add(int parent, int @class)
    {
        _nodes.Add(new HierarchyNode(parent, @class));
        _children.Add(0);
        if (parent >= 0)
        {
            _children[parent]++;
        }

        return _nodes.Count - 1;
    }

    private int Close(int node) => _children[node] >= 2 ? _nodes[node].Parent : throw Problem("a node has at least two children");

    private int ReadClass()
    {
        SkipSpace();
        string name = _at < text.Length && text[_at] == '\'' ? ReadQuoted() : ReadPlain();
        int found = classNames is not null ? Enumerable.Range(0, classNames.Count).FirstOrDefault(i => classNames[i] == name, -1)
            : int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : -1;
        if (found < 0)
        {
            throw Problem(classNames is null ? $"'{name}' is no class number" : $"'{name}' is no class");
        }

        return _seen.Add(found) ? found : throw Problem($"the class '{name}' is there twice");
    }

    private string ReadPlain()
    {
        int first = _at;
        while (_at < text.Length && !Special.Contains(text[_at]) && !char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }

        return _at > first ? text[first.._at] : throw Problem("a class is expected");
    }

    private string ReadQuoted()
    {
        StringBuilder name = new();
        _at++;
        while (_at < text.Length)
        {
            char next = text[_at++];
            if (next != '\'')
            {
                name.Append(next);
            }
            else if (_at < text.Length && text[_at] == '\'')
            {
                name.Append(text[_at++]);
            }
            else
            {
                return name.ToString();
            }
        }

        throw Problem("a quoted name does not end");
    }

    private bool Take(char expected)
    {
        SkipSpace();
        bool found = _at < text.Length && text[_at] == expected;
        _at += found ? 1 : 0;
        return found;
    }

    private bool Expect(char expected) => Take(expected) ? true : throw Problem($"'{expected}' is expected");

    private void SkipSpace()
    {
        while (_at < text.Length && char.IsWhiteSpace(text[_at]))
        {
            _at++;
        }
    }

    private FormatException Problem(string what) => new(string.Create(CultureInfo.InvariantCulture, $"At character {_at + 1} of the hierarchy {what}."));
}
