using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>What the columns of a text file are.</summary>
public sealed class TextLoader
{
    private TextLoader()
    {
    }

    /// <summary>A column made of one field, or a vector of several.</summary>
    public sealed class Column
    {
        public string Name;

        public Column(string name, DataKind dataKind, int index)
            : this(name, dataKind, index, index) => IsVector = false;

        public Column(string name, DataKind dataKind, int minIndex, int maxIndex)
        {
            Contracts.CheckNonEmpty(name, nameof(name));
            Contracts.CheckParam(minIndex >= 0 && minIndex <= maxIndex, nameof(minIndex), "The fields of a column are counted from 0, the last one not before the first");
            Name = name;
            DataKind = dataKind;
            First = minIndex;
            Count = maxIndex - minIndex + 1;
            IsVector = true;
        }

        public DataKind DataKind { get; set; }

        internal int First { get; }

        internal int Count { get; }

        internal bool IsVector { get; }
    }
}
