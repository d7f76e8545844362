"""Multi-head attention as a layer: what heads.py does, with weights of its own, masks, dropout and a cache.

Where nobody wants to see the weights, torch.nn.functional.scaled_dot_product_attention does the work: it is
the function of scaled_dot_product.py in fused kernels.

Vaswani et al. 2017, section 3.2.2, https://arxiv.org/abs/1706.03762
"""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional as F

from models.attention.cache import KVCache
from models.attention.heads import concat_heads, sharing, split_heads
from models.attention.masks import one_mask
from models.attention.scaled_dot_product import scaled_dot_product_attention
from models.pytorch_weights import split_projections


class MultiHeadAttention(nn.Module):
    """Several attentions side by side: project, attend in every head, put the heads together, project.

    Arguments and results are those of torch.nn.MultiheadAttention, and load_state_dict takes its weights
    (models.pytorch_weights), but:

    - `batch_first` is True unless you say otherwise, there it is False; sequences come in batches only;
    - there is no add_bias_kv and no add_zero_attn, no device and no dtype;
    - `is_causal` hides the future by itself, there it is a hint that attn_mask does so;
    - with fewer `num_kv_heads`, neighbouring heads share keys and values (grouped-query attention, one head
      for all: multi-query), and `rotary` turns queries and keys (models.transformer.positions).
    """

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = True,
        num_kv_heads: int | None = None,
        rotary: Callable[[Tensor, int], Tensor] | None = None,
    ) -> None:
        super().__init__()
        num_kv_heads = num_heads if num_kv_heads is None else num_kv_heads
        if embed_dim % num_heads:
            raise ValueError(f"embed_dim {embed_dim} cannot be shared out among {num_heads} heads")
        self.queries_per_key = sharing(num_heads, num_kv_heads)
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        self.head_dim = embed_dim // num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.rotary = rotary
        self.q_proj = nn.Linear(embed_dim, embed_dim, bias)
        self.k_proj = nn.Linear(kdim or embed_dim, num_kv_heads * self.head_dim, bias)
        self.v_proj = nn.Linear(vdim or embed_dim, num_kv_heads * self.head_dim, bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias)
        self.register_load_state_dict_pre_hook(split_projections)
        for layer in (self.q_proj, self.k_proj, self.v_proj):
            nn.init.xavier_uniform_(layer.weight)
        for layer in (self.q_proj, self.k_proj, self.v_proj, self.out_proj) if bias else ():
            nn.init.zeros_(layer.bias)

    def forward(
        self,
        query: Tensor,  # (B, L, embed_dim)
        key: Tensor,  # (B, S, kdim)
        value: Tensor,  # (B, S, vdim)
        key_padding_mask: Tensor | None = None,  # (B, S)
        need_weights: bool = True,
        attn_mask: Tensor | None = None,  # (L, S) or (B · H, L, S)
        average_attn_weights: bool = True,
        is_causal: bool = False,
        cache: KVCache | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """The output (B, L, embed_dim), and the weights (B, L, S), or (B, H, L, S) if not averaged.

        Boolean masks are True where a key may *not* be looked at; others are added to the scores. is_causal
        hides the future and needs no mask. With `cache`, key and value are new tokens, put behind those of
        the cache. Without weights the fused kernels do the work.
        """
        if not self.batch_first:
            query, key, value = (x.transpose(0, 1) for x in (query, key, value))
        q, k, v = self.project(query, key, value, cache)
        p = self.dropout if self.training else 0.0
        shared = self.queries_per_key > 1
        unmasked = attn_mask is None and key_padding_mask is None
        weights = None
        if is_causal and unmasked and q.shape[-2] == k.shape[-2] and not need_weights:
            out = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True, enable_gqa=shared)
        else:
            mask = one_mask(q, k, key_padding_mask, attn_mask, is_causal)
            if need_weights:
                out, weights = scaled_dot_product_attention(q, k, v, mask, p, enable_gqa=shared)
                weights = weights.mean(dim=1) if average_attn_weights else weights
            else:
                out = F.scaled_dot_product_attention(q, k, v, mask, p, enable_gqa=shared)  # (B, H, L, D)
        # MultiHead(Q, K, V) = Concat(head₁, …, head_h) W^O
        out = self.out_proj(concat_heads(out))  # (B, L, embed_dim)
        return (out if self.batch_first else out.transpose(0, 1)), weights

    def project(
        self, query: Tensor, key: Tensor, value: Tensor, cache: KVCache | None = None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Queries (B, H, L, D), keys and values (B, num_kv_heads, S, D) of sequences (B, L or S, width)."""
        if query.ndim != 3:
            raise ValueError(f"expected a batch of sequences (B, L, E), got {tuple(query.shape)}")
        if key.shape[:2] != value.shape[:2] or len(key) != len(query):  # one would be broadcast
            sizes = ", ".join(str(tuple(x.shape)) for x in (query, key, value))
            raise ValueError(f"expected as many sequences of queries, keys and values, got {sizes}")
        # head_i = Attention(Q W_i^Q, K W_i^K, V W_i^V)
        q = split_heads(self.q_proj(query), self.num_heads)
        k = split_heads(self.k_proj(key), self.num_kv_heads)
        v = split_heads(self.v_proj(value), self.num_kv_heads)
        if self.rotary is not None:
            past = len(cache) if cache is not None else 0
            q, k = self.rotary(q, past), self.rotary(k, past)
        if cache is not None:
            k, v = cache.extend(k, v)
        return q, k, v
